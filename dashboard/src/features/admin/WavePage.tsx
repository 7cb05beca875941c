import type { WaveAnswer, WaveView } from "@automna/contract/admin-waves";
import type { CellActionType } from "@automna/core/operators/cell-action";
import { isAppError } from "@automna/core/shared/app-error";
import { useQuery } from "@tanstack/react-query";
import { Link, useParams } from "@tanstack/react-router";
import { waveQuery } from "../../api/cells.ts";
import { usePlatform } from "../../api/api-context.tsx";
import { buttonClass } from "../../components/Button.tsx";
import { Section } from "../../components/PageFrame.tsx";
import { ProgressBar } from "../../components/ProgressBar.tsx";
import { StateMark } from "../../components/StateMark.tsx";
import { useDocumentTitle } from "../../components/use-document-title.ts";
import { formatMoment } from "./admin-texts.ts";
import { formatSoak } from "./cell-actions.ts";
import { CellActionDialog } from "./CellActionDialog.tsx";
import { memberMarks, waveProgress, waveStateMarks, waveWhy } from "./cell-texts.ts";
import { Loaded } from "./Loaded.tsx";

/** One wave: how far, by which rules, and each agent in it. */
export function WavePage() {
  const { waveId } = useParams({ from: "/admin/waves/$waveId" });
  const { api } = usePlatform();
  const found = useQuery(waveQuery(api, waveId));
  useDocumentTitle("Wave · Automna operators");
  if (isAppError(found.error, "wave_not_found") || isAppError(found.error, "invalid_request"))
    return (
      <div className="grid justify-items-start gap-4">
        <h1 className="text-20 font-semibold">There is no such wave.</h1>
        <Link to="/admin/waves" className={buttonClass("plain")}>
          All waves
        </Link>
      </div>
    );
  return (
    <Loaded query={found} label="Loading the wave">
      {({ wave, members }) => (
        <>
          <Head wave={wave} />
          <Section title="Agents">
            <Members members={members} />
          </Section>
        </>
      )}
    </Loaded>
  );
}

const actionTypes: Record<WaveView["abilities"][number], CellActionType> = {
  start: "start_wave",
  pause: "pause_wave",
  halt: "halt_wave",
  roll_back: "roll_back_wave",
};

function Head({ wave }: { wave: WaveView }) {
  const { settings } = wave;
  const why = waveWhy(wave);
  const rules = [
    `${settings.canaries} first`,
    `soak ${formatSoak(settings.soakMs)}`,
    `then ×${settings.growth} up to ${settings.maxBatch}`,
    `halts above ${Math.round(settings.maxFailureShare * 100)} % of a batch`,
    settings.takesBack === "all" ? "and takes everybody back" : "and takes back who is unwell",
  ];
  return (
    <div className="grid gap-4">
      <p className="text-13 text-ink-3">
        <Link to="/admin/waves" className="underline decoration-line-strong underline-offset-3 hover:text-ink">
          Waves
        </Link>
      </p>
      <div className="flex flex-wrap items-center justify-between gap-x-6 gap-y-2">
        <h1 className="font-mono text-16 font-semibold break-all">{wave.image}</h1>
        <span data-testid="wave-state" data-state={wave.state}>
          <StateMark {...waveStateMarks[wave.state]} />
        </span>
      </div>
      <ProgressBar label="Progress of the wave" percent={waveProgress(wave)} halted={wave.state === "halted"} />
      <p className="text-ink-2">
        {wave.counts.upgraded ?? 0} of {wave.total} upgraded
        {wave.batch === null ? "" : `, batch ${wave.batch + 1}`}.{why === null ? "" : ` ${why}`}
      </p>
      <p className="text-13 text-ink-3">{rules.join(", ")}.</p>
      <div className="flex flex-wrap gap-2">
        {wave.abilities.map((ability) => (
          <CellActionDialog
            key={ability}
            type={actionTypes[ability]}
            subject={{ waveId: wave.id }}
            what={wave.image}
            look={ability === "start" ? "primary" : "plain"}
          />
        ))}
      </div>
    </div>
  );
}

function Members({ members }: Pick<WaveAnswer, "members">) {
  return (
    <ul data-testid="wave-members" className="grid divide-y divide-line border-y border-line">
      {members.map(({ agentId, userId, email, state, batch, reason, deferredUntilMs }) => (
        <li key={agentId} className="flex flex-wrap items-center justify-between gap-x-6 gap-y-1 py-2.5">
          <span className="min-w-0">
            <Link to="/admin/customers/$userId" params={{ userId }} className="block break-all hover:underline">
              {email}
            </Link>
            <span className="block text-13 text-ink-3">
              {batch === null ? "no batch yet" : `batch ${batch + 1}`}
              {reason === null ? "" : `, ${reason}`}
              {deferredUntilMs === null ? "" : `, put off until ${formatMoment(deferredUntilMs)}`}
            </span>
          </span>
          <StateMark {...memberMarks[state]} />
        </li>
      ))}
    </ul>
  );
}
