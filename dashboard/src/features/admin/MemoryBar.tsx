import type { NodeView } from "@automna/contract/admin-cells";
import { formatMb, reservedPercent } from "./cell-texts.ts";

/** How much of a node's memory is promised, and how many slots it carries. */
export function MemoryBar({ node }: { node: NodeView }) {
  const percent = reservedPercent(node);
  const { reservedMb, awake, slots, portsLeft } = node.load;
  const limit = node.awakeLimit === null ? "" : ` of ${node.awakeLimit}`;
  return (
    <div className="grid content-start gap-1.5 text-13" data-figures>
      <p className="flex justify-between gap-3">
        <span className="text-ink-2">Memory reserved</span>
        <span>
          {formatMb(reservedMb)}
          {node.memoryMb === null ? ", not limited" : ` of ${formatMb(node.memoryMb)}`}
        </span>
      </p>
      {percent === null ? null : (
        <div
          role="meter"
          aria-label={`Memory reserved on ${node.name}`}
          aria-valuemin={0}
          aria-valuemax={100}
          aria-valuenow={percent}
          className="h-1.5 overflow-hidden rounded-large bg-line"
        >
          <div className={`h-full ${percent > 90 ? "bg-failing" : "bg-ink-3"}`} style={{ width: `${percent}%` }} />
        </div>
      )}
      <p className="text-ink-3">
        {awake}
        {limit} awake, {node.warm.ready > 0 ? `${node.warm.ready} of them warm, ` : ""}
        {slots} {slots === 1 ? "slot" : "slots"}, {portsLeft} {portsLeft === 1 ? "port" : "ports"} left
      </p>
    </div>
  );
}
