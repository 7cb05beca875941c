import type { WaveView } from "@automna/contract/admin-waves";
import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { wavesQuery } from "../../api/cells.ts";
import { usePlatform } from "../../api/api-context.tsx";
import { ProgressBar } from "../../components/ProgressBar.tsx";
import { StateMark } from "../../components/StateMark.tsx";
import { useDocumentTitle } from "../../components/use-document-title.ts";
import { formatMoment } from "./admin-texts.ts";
import { CellActionDialog } from "./CellActionDialog.tsx";
import { waveProgress, waveStateMarks } from "./cell-texts.ts";
import { Loaded } from "./Loaded.tsx";

/** Upgrades of the agents' image, newest first. */
export function WavesPage() {
  const { api } = usePlatform();
  const waves = useQuery(wavesQuery(api));
  useDocumentTitle("Waves · Automna operators");
  return (
    <>
      <div className="flex flex-wrap items-center justify-between gap-3">
        <h1 className="text-20 font-semibold tracking-tight">Upgrade waves</h1>
        <CellActionDialog type="create_wave" subject={{}} what="all agents" look="primary" />
      </div>
      <Loaded query={waves} label="Loading the waves">
        {(list) =>
          list.waves.length === 0 ? (
            <p className="text-ink-2">No image has been brought to the agents by a wave yet.</p>
          ) : (
            <ul data-testid="waves" className="grid gap-3">
              {list.waves.map((wave) => (
                <WaveRow key={wave.id} wave={wave} />
              ))}
            </ul>
          )
        }
      </Loaded>
    </>
  );
}

function WaveRow({ wave }: { wave: WaveView }) {
  return (
    <li>
      <Link
        to="/admin/waves/$waveId"
        params={{ waveId: wave.id }}
        className="grid gap-2 rounded-large border border-line bg-raised p-4 transition-calm hover:border-line-strong"
      >
        <span className="flex flex-wrap items-center justify-between gap-x-6 gap-y-1">
          <span className="font-mono text-13 break-all">{wave.image}</span>
          <StateMark {...waveStateMarks[wave.state]} />
        </span>
        <ProgressBar
          label={`Progress of ${wave.image}`}
          percent={waveProgress(wave)}
          halted={wave.state === "halted"}
        />
        <span className="text-13 text-ink-2">
          {wave.counts.upgraded ?? 0} of {wave.total} upgraded
          {(wave.counts.failed ?? 0) > 0 ? `, ${wave.counts.failed} failed` : ""}, made {formatMoment(wave.createdAtMs)}
        </span>
      </Link>
    </li>
  );
}
