import type { NodeView, PlacedAgent } from "@automna/contract/admin-cells";
import { isAppError } from "@automna/core/shared/app-error";
import { useQuery } from "@tanstack/react-query";
import { Link, useParams } from "@tanstack/react-router";
import { nodeQuery } from "../../api/cells.ts";
import { usePlatform } from "../../api/api-context.tsx";
import { buttonClass } from "../../components/Button.tsx";
import { CopyButton } from "../../components/CopyButton.tsx";
import { Section } from "../../components/PageFrame.tsx";
import { RelativeTime } from "../../components/RelativeTime.tsx";
import { useDocumentTitle } from "../../components/use-document-title.ts";
import { CellActionDialog } from "./CellActionDialog.tsx";
import { formatMb } from "./cell-texts.ts";
import { Loaded } from "./Loaded.tsx";
import { MemoryBar } from "./MemoryBar.tsx";
import { NodeActions, NodeState } from "./NodeParts.tsx";

/** One node: its state, its load, and its agents with what may be done about each. */
export function NodePage() {
  const { nodeId } = useParams({ from: "/admin/nodes/$nodeId" });
  const { api } = usePlatform();
  const found = useQuery(nodeQuery(api, nodeId));
  useDocumentTitle(`${found.data?.node.name ?? "Node"} · Automna operators`);
  if (isAppError(found.error, "node_not_found") || isAppError(found.error, "invalid_request"))
    return (
      <div className="grid justify-items-start gap-4">
        <h1 className="text-20 font-semibold">There is no such node.</h1>
        <Link to="/admin/cells" className={buttonClass("plain")}>
          All nodes
        </Link>
      </div>
    );
  return (
    <Loaded query={found} label="Loading the node">
      {({ node, agents, isCut }) => (
        <>
          <Head node={node} />
          <Section title="Agents">
            {agents.length === 0 ? <p className="text-ink-3">No agent has its place here.</p> : null}
            <ul data-testid="placed-agents" className="grid gap-3">
              {agents.map((agent) => (
                <AgentCard key={agent.id} agent={agent} isLost={node.lostSinceMs !== null} />
              ))}
            </ul>
            {isCut ? <p className="text-13 text-ink-3">There are more than these 200.</p> : null}
          </Section>
        </>
      )}
    </Loaded>
  );
}

function Head({ node }: { node: NodeView }) {
  return (
    <div className="grid gap-5">
      <div className="grid gap-2">
        <p className="text-13 text-ink-3">
          <Link to="/admin/cells" className="underline decoration-line-strong underline-offset-3 hover:text-ink">
            Cell {node.cellId}
          </Link>
        </p>
        <h1 className="text-20 font-semibold tracking-tight break-all">{node.name}</h1>
        <p className="flex flex-wrap items-center gap-x-3 gap-y-1 font-mono text-12 text-ink-2">
          <span>{node.address}</span>
          <span className="flex items-center gap-1">
            <span className="break-all">{node.id}</span>
            <CopyButton text={node.id} />
          </span>
        </p>
      </div>
      <div className="grid gap-5 md:grid-cols-2 md:gap-8">
        <NodeState node={node} />
        <MemoryBar node={node} />
      </div>
      <div className="flex flex-wrap gap-2">
        <NodeActions node={node} />
      </div>
    </div>
  );
}

function AgentCard({ agent, isLost }: { agent: PlacedAgent; isLost: boolean }) {
  const about = { subject: { agentId: agent.id }, what: `${agent.name} of ${agent.email}` };
  return (
    <li data-agent={agent.id} className="grid gap-2 rounded-large border border-line bg-raised p-4">
      <p className="flex flex-wrap items-baseline gap-x-3">
        <Link
          to="/admin/customers/$userId"
          params={{ userId: agent.userId }}
          className="font-medium break-all underline decoration-line-strong underline-offset-3 hover:decoration-ink"
        >
          {agent.email}
        </Link>
        <span className="text-13 text-ink-2">{agent.name}</span>
        <code className="font-mono text-12 break-all text-ink-3">{agent.id}</code>
      </p>
      <p className="text-13 text-ink-2">
        {agent.phase} for <RelativeTime atMs={agent.phaseSinceMs} />, wanted {agent.desired}
        {agent.message === null ? "" : `: ${agent.message}`}
        {agent.isMoveWished ? " It is on its way to another node." : ""}
      </p>
      <p className="text-13 text-ink-3">
        {agent.workingSetMb === null ? "" : `${formatMb(agent.workingSetMb)} while awake`}
        {agent.image === null ? "" : `, image ${agent.image}`}
      </p>
      <div className="flex flex-wrap gap-2">
        {isLost ? (
          <CellActionDialog type="decide_lost_agent" {...about} />
        ) : (
          <CellActionDialog type="move_agent" {...about} />
        )}
        <CellActionDialog type="defer_upgrades" subject={{ userId: agent.userId }} what={agent.email} />
      </div>
    </li>
  );
}
