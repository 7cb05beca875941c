import type { NodeView } from "@automna/contract/admin-cells";
import { ProgressBar } from "../../components/ProgressBar.tsx";
import { RelativeTime } from "../../components/RelativeTime.tsx";
import { StateMark } from "../../components/StateMark.tsx";
import { CellActionDialog } from "./CellActionDialog.tsx";
import { gateWords, nodeState } from "./cell-texts.ts";

/** A node's state in word, icon and colour, what it means, and a drain's progress. */
export function NodeState({ node }: { node: NodeView }) {
  const { tone, word, detail } = nodeState(node);
  const { drain, drainingSinceMs, lostSinceMs, seenAtMs } = node;
  const gate = gateWords(node.gate);
  const isDraining = drainingSinceMs !== null && drain?.state === "running";
  return (
    <div data-testid="node-state" data-state={word.toLowerCase()} className="grid content-start gap-1.5">
      <p className="flex flex-wrap items-center gap-x-3 text-13 text-ink-3">
        <StateMark tone={tone} word={word} />
        <span>
          seen <RelativeTime atMs={lostSinceMs ?? seenAtMs} ago />
        </span>
      </p>
      {isDraining && drain.total > 0 ? (
        <ProgressBar
          label={`Drain of ${node.name}`}
          percent={Math.round((100 * (drain.total - drain.left)) / drain.total)}
          halted={drain.stuck > 0 && drain.moving === 0}
        />
      ) : null}
      {detail === null ? null : <p className="text-13 text-ink-2">{detail}</p>}
      {gate === null ? null : (
        <p data-testid="start-gate" className="text-13 text-ink-2">
          Start gate: {gate}
        </p>
      )}
    </div>
  );
}

/** What may be done about a node as it is now. */
export function NodeActions({ node }: { node: NodeView }) {
  const { id: nodeId, name, cordon, drainingSinceMs, lostSinceMs } = node;
  const about = { subject: { nodeId }, what: `node ${name}` };
  return (
    <>
      {cordon === null ? (
        <CellActionDialog type="cordon_node" {...about} />
      ) : (
        <CellActionDialog type="uncordon_node" {...about} />
      )}
      {drainingSinceMs !== null ? (
        <CellActionDialog type="stop_drain" {...about} />
      ) : lostSinceMs === null ? (
        <CellActionDialog type="drain_node" {...about} />
      ) : null}
    </>
  );
}
