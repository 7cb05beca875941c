import type { CellList, NodeView } from "@automna/contract/admin-cells";
import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { cellsQuery } from "../../api/cells.ts";
import { usePlatform } from "../../api/api-context.tsx";
import { Section } from "../../components/PageFrame.tsx";
import { useDocumentTitle } from "../../components/use-document-title.ts";
import { Loaded } from "./Loaded.tsx";
import { NodeActions, NodeState } from "./NodeParts.tsx";
import { MemoryBar } from "./MemoryBar.tsx";
import { WarmPool } from "./WarmPool.tsx";

/** Every cell and its nodes: how full, how well, and what may be done about it. */
export function CellsPage() {
  const { api } = usePlatform();
  const cells = useQuery(cellsQuery(api));
  useDocumentTitle("Cells · Automna operators");
  return (
    <>
      <h1 className="text-20 font-semibold tracking-tight">Cells and nodes</h1>
      <Loaded query={cells} label="Loading the cells">
        {(list) =>
          list.cells.length === 0 ? (
            <p className="text-ink-2">There is no cell yet. One appears as soon as a provisioner runs for it.</p>
          ) : (
            list.cells.map((cell) => <Cell key={cell.id} cell={cell} />)
          )
        }
      </Loaded>
    </>
  );
}

function Cell({ cell }: { cell: CellList["cells"][number] }) {
  const { id, runtime, nodes } = cell;
  return (
    <Section
      title={`Cell ${id}`}
      description={runtime === "process" ? "Agents as processes of one machine." : "A Swarm."}
    >
      <WarmPool cell={cell} />
      {nodes.length === 0 ? <p className="text-ink-3">No node has been seen.</p> : null}
      <ul data-testid="nodes" className="grid gap-3">
        {nodes.map((node) => (
          <NodeCard key={node.id} node={node} />
        ))}
      </ul>
    </Section>
  );
}

function NodeCard({ node }: { node: NodeView }) {
  return (
    <li
      data-node={node.id}
      className="grid gap-4 rounded-large border border-line bg-raised p-4 md:grid-cols-[minmax(0,1fr)_minmax(0,16rem)] md:gap-x-8"
    >
      <div className="grid content-start gap-1.5">
        <p className="flex flex-wrap items-baseline gap-x-3">
          <Link
            to="/admin/nodes/$nodeId"
            params={{ nodeId: node.id }}
            className="font-medium underline decoration-line-strong underline-offset-3 hover:decoration-ink"
          >
            {node.name}
          </Link>
          <span className="font-mono text-12 text-ink-3">{node.address}</span>
          {node.ownerId === null ? null : <span className="text-13 text-ink-2">dedicated to one customer</span>}
        </p>
        <NodeState node={node} />
      </div>
      <MemoryBar node={node} />
      <div className="flex flex-wrap gap-2 md:col-span-full">
        <NodeActions node={node} />
      </div>
    </li>
  );
}
