import { inviteBatchSchema, waitlistStates, type WaitlistState, type WaitlistView } from "@automna/contract/waitlist";
import { useQuery } from "@tanstack/react-query";
import { Download } from "lucide-react";
import { useState, type FormEvent } from "react";
import { usePlatform } from "../../api/api-context.tsx";
import { useInvite, waitlistEntriesQuery, waitlistQuery } from "../../api/people.ts";
import { Button, buttonClass } from "../../components/Button.tsx";
import { TextField } from "../../components/Field.tsx";
import { Section } from "../../components/PageFrame.tsx";
import { SegmentedControl } from "../../components/SegmentedControl.tsx";
import { useDocumentTitle } from "../../components/use-document-title.ts";
import { formatMoment } from "./admin-texts.ts";
import { Loaded } from "./Loaded.tsx";

const stateLabels: Record<WaitlistState, string> = {
  pending: "Not confirmed",
  confirmed: "Waiting",
  invited: "Invited",
  joined: "Joined",
};

const segments = waitlistStates.map((value) => ({ value, label: stateLabels[value] }));

/** Who waits, and letting them in by batches. */
export function WaitlistPage() {
  const { api } = usePlatform();
  const waitlist = useQuery(waitlistQuery(api));
  const [state, setState] = useState<WaitlistState>("confirmed");
  useDocumentTitle("Waitlist · Automna operators");
  return (
    <>
      <div className="flex flex-wrap items-center justify-between gap-3">
        <h1 className="text-20 font-semibold tracking-tight">Waitlist</h1>
        <a href="/api/admin/waitlist.csv" download className={buttonClass("plain", "small")}>
          <Download aria-hidden className="size-4" />
          Export as CSV
        </a>
      </div>
      <Loaded query={waitlist} label="Loading the waitlist">
        {(view) => (
          <>
            <Counts view={view} />
            <Section
              title="Invite"
              description="Who has waited longest is invited first. An invitation stands for 14 days."
            >
              <InviteForm view={view} />
            </Section>
          </>
        )}
      </Loaded>
      <Section title="On the list">
        <div>
          <SegmentedControl label="State" segments={segments} value={state} onChange={(value) => setState(value)} />
        </div>
        <Entries state={state} />
      </Section>
    </>
  );
}

function Counts({ view }: { view: WaitlistView }) {
  return (
    <dl className="grid grid-cols-[repeat(auto-fit,minmax(7rem,1fr))] gap-4" data-figures>
      {waitlistStates.map((state) => (
        <div key={state}>
          <dt className="text-13 text-ink-3">{stateLabels[state]}</dt>
          <dd className="text-16">{view[state].toLocaleString("en")}</dd>
        </div>
      ))}
      <div>
        <dt className="text-13 text-ink-3">Room for more</dt>
        <dd className="text-16">
          {view.room.toLocaleString("en")} of {view.cap.toLocaleString("en")}
        </dd>
      </div>
    </dl>
  );
}

function InviteForm({ view: { room, confirmed } }: { view: WaitlistView }) {
  const invite = useInvite();
  const [count, setCount] = useState("10");
  const [code, setCode] = useState("");
  const [problem, setProblem] = useState<string>();

  function submit(event: FormEvent): void {
    event.preventDefault();
    const promotionCode = code.trim() === "" ? {} : { promotionCode: code };
    const parsed = inviteBatchSchema.safeParse({ count: Number(count), ...promotionCode });
    setProblem(parsed.success ? undefined : "Write a whole number from 1 to 500.");
    if (!parsed.success || invite.isPending) return;
    const { count: wished } = parsed.data;
    invite.mutate({ count: wished, ...promotionCode });
  }

  if (room === 0) return <p className="text-ink-2">There is no room: as many are invited or have joined as may.</p>;
  if (confirmed === 0) return <p className="text-ink-2">Nobody waits who has confirmed their address.</p>;
  return (
    <form noValidate data-testid="invite-form" onSubmit={submit} className="grid gap-4">
      <div className="grid gap-4 sm:grid-cols-2">
        <TextField
          label="How many"
          inputMode="numeric"
          autoComplete="off"
          hint={`At most ${Math.min(room, confirmed)} can be invited now.`}
          error={problem}
          value={count}
          onChange={(event) => setCount(event.target.value)}
        />
        <TextField
          label="Promotion code"
          optional
          autoComplete="off"
          spellCheck={false}
          hint="Stripe's, for the beta price."
          value={code}
          onChange={(event) => setCode(event.target.value)}
        />
      </div>
      <div className="flex flex-wrap items-center gap-3">
        <Button type="submit" look="primary" busy={invite.isPending}>
          Invite
        </Button>
        <p role="status" className="text-13 text-ink-2">
          {invite.data === undefined ? "" : `${invite.data.invited} invited; their mails are on the way.`}
        </p>
      </div>
      {invite.error === null ? null : (
        <p role="alert" className="text-13 text-failing">
          {invite.error.message}
        </p>
      )}
    </form>
  );
}

function Entries({ state }: { state: WaitlistState }) {
  const { api } = usePlatform();
  const list = useQuery(waitlistEntriesQuery(api, state));
  return (
    <Loaded query={list} label="Loading the addresses">
      {({ entries, isCut }) =>
        entries.length === 0 ? (
          <p className="text-ink-3">Nobody.</p>
        ) : (
          <>
            <ul data-testid="waitlist-entries" className="grid divide-y divide-line border-y border-line">
              {entries.map(({ id, email, askedAtMs, invitedAtMs, inviteUntilMs, joinedAtMs }) => (
                <li key={id} className="flex flex-wrap items-baseline justify-between gap-x-6 gap-y-1 py-2.5">
                  <span className="break-all">{email}</span>
                  <span className="text-13 text-ink-3">
                    {joinedAtMs !== null
                      ? `joined ${formatMoment(joinedAtMs)}`
                      : invitedAtMs !== null && inviteUntilMs !== null
                        ? `invited, until ${formatMoment(inviteUntilMs)}`
                        : `asked ${formatMoment(askedAtMs)}`}
                  </span>
                </li>
              ))}
            </ul>
            {isCut ? <p className="text-13 text-ink-3">These are the first 200; the file has all.</p> : null}
          </>
        )
      }
    </Loaded>
  );
}
