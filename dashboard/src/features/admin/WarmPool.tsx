import type { CellList } from "@automna/contract/admin-cells";
import { RelativeTime } from "../../components/RelativeTime.tsx";
import { StateMark } from "../../components/StateMark.tsx";
import { CellActionDialog } from "./CellActionDialog.tsx";
import { warmPoolWords } from "./cell-texts.ts";

type CellView = CellList["cells"][number];

/** What a cell makes in advance, and the switch that keeps it from it. */
export function WarmPool({ cell }: { cell: CellView }) {
  const { id: cellId, warmPool, nodes } = cell;
  const { tone, word, detail } = warmPoolWords(
    warmPool,
    nodes.map(({ warm }) => warm),
  );
  const isPaused = warmPool.pausedSinceMs !== null;
  return (
    <div
      data-testid="warm-pool"
      data-state={word.toLowerCase()}
      className="flex flex-wrap items-center justify-between gap-x-6 gap-y-3"
    >
      <div className="grid gap-1">
        <p className="flex flex-wrap items-center gap-x-3 text-13">
          <span className="text-ink-2">Warm pool</span>
          <StateMark tone={tone} word={word} />
          {warmPool.pausedSinceMs === null ? null : (
            <span className="text-ink-3">
              since <RelativeTime atMs={warmPool.pausedSinceMs} ago />
            </span>
          )}
        </p>
        <p className="text-13 text-ink-2">{detail}</p>
      </div>
      <CellActionDialog
        type={isPaused ? "resume_warm_pool" : "pause_warm_pool"}
        subject={{ cellId }}
        what={`cell ${cellId}`}
      />
    </div>
  );
}
