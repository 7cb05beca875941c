import type { CustomerView } from "@automna/contract/admin";
import type { OperatorActionType } from "@automna/core/operators/operator-action";
import type { AgentAction } from "@automna/core/agents/agent-abilities";
import { Section } from "../../components/PageFrame.tsx";
import { ActionDialog } from "./ActionDialog.tsx";
import { formatMoment, planWord } from "./admin-texts.ts";
import { Payments } from "./Payments.tsx";

/** The customer at a glance, each part with what may be done about it. */
export function OverviewTab({ view }: { view: CustomerView }) {
  const { user, support } = view;
  const whose = { userId: user.id, customer: user.email };
  return (
    <div className="grid gap-8 [&>section:first-child]:border-t-0 [&>section:first-child]:pt-0">
      <Plan view={view} />
      <Section title="Credits">
        <dl className="grid grid-cols-[repeat(auto-fit,minmax(8rem,1fr))] gap-4" data-figures>
          <Fact name="Left" value={view.credits.available.toLocaleString("en")} />
          <Fact name="Held" value={view.credits.held.toLocaleString("en")} />
          <Fact name="Spent in all" value={view.credits.spent.toLocaleString("en")} />
        </dl>
        <div>
          <ActionDialog type="grant_credits" {...whose} />
        </div>
      </Section>
      {view.sells ? (
        <Section title="Payments" description={user.stripeCustomerId ?? "Not a customer at Stripe."}>
          <Payments userId={user.id} customer={user.email} />
        </Section>
      ) : null}
      <Agents view={view} />
      <Section title="Support access">
        <p className="text-ink-2">
          {support === null ? "Nobody has it." : `Open until ${formatMoment(support.endsAtMs)}: ${support.reason}`}
        </p>
        <div>
          <ActionDialog type={support === null ? "open_support" : "close_support"} {...whose} />
        </div>
      </Section>
      <Section title="Account">
        <div>
          {user.state === "deleted" ? (
            <p className="text-ink-2">Deleted.</p>
          ) : (
            <ActionDialog type={user.state === "suspended" ? "unsuspend" : "suspend"} {...whose} />
          )}
        </div>
      </Section>
    </div>
  );
}

function Plan({ view: { user, plan, sells } }: { view: CustomerView }) {
  const whose = { userId: user.id, customer: user.email };
  return (
    <Section title="Plan">
      <dl className="grid grid-cols-[repeat(auto-fit,minmax(8rem,1fr))] gap-4">
        <Fact name="Counts now" value={planWord(plan.tier)} />
        <Fact name="Payment" value={plan.dunning} />
        {plan.deadlineMs === null ? null : <Fact name="Next step" value={formatMoment(plan.deadlineMs)} />}
        {plan.comp === null ? null : (
          <Fact name="Given" value={`${planWord(plan.comp.tier)} until ${formatMoment(plan.comp.expiresAtMs)}`} />
        )}
      </dl>
      {plan.subscriptions.length === 0 ? (
        <p className="text-ink-3">No subscriptions.</p>
      ) : (
        <ul className="grid gap-1 text-13 text-ink-2">
          {plan.subscriptions.map(({ id, tier, status, periodEndMs, endsAtPeriodEnd }) => (
            <li key={id}>
              {planWord(tier)}, {status}, {endsAtPeriodEnd ? "ends" : "renews"} {formatMoment(periodEndMs)}{" "}
              <code className="font-mono text-12">{id}</code>
            </li>
          ))}
        </ul>
      )}
      {sells ? (
        <div className="flex flex-wrap gap-2">
          <ActionDialog type="comp_tier" {...whose} />
          {plan.comp === null ? null : <ActionDialog type="end_comp" {...whose} />}
        </div>
      ) : null}
    </Section>
  );
}

const agentActionTypes = {
  start: "start_agent",
  stop: "stop_agent",
  restart: "restart_agent",
} as const satisfies Partial<Record<AgentAction, OperatorActionType>>;

function Agents({ view: { user, agents } }: { view: CustomerView }) {
  return (
    <Section title="Agents">
      {agents.length === 0 ? <p className="text-ink-3">No agent.</p> : null}
      <ul className="grid gap-3">
        {agents.map(({ id, name, phase, desired, phaseSinceMs, reason, abilities }) => (
          <li key={id} className="grid gap-2 rounded-large border border-line bg-raised p-4">
            <p className="font-medium">{name}</p>
            <p className="text-13 text-ink-2">
              {phase} since {formatMoment(phaseSinceMs)}, wanted {desired}
              {reason === null ? "" : `, ${reason}`} <code className="font-mono text-12 break-all">{id}</code>
            </p>
            <div className="flex flex-wrap gap-2">
              {(["start", "stop", "restart"] as const)
                .filter((action) => abilities.includes(action))
                .map((action) => (
                  <ActionDialog
                    key={action}
                    type={agentActionTypes[action]}
                    userId={user.id}
                    customer={user.email}
                    preset={{ agentId: id }}
                  />
                ))}
            </div>
          </li>
        ))}
      </ul>
    </Section>
  );
}

function Fact({ name, value }: { name: string; value: string }) {
  return (
    <div>
      <dt className="text-13 text-ink-3">{name}</dt>
      <dd className="text-16">{value}</dd>
    </div>
  );
}
