import type { AgentView } from "@automna/contract/agents";
import type { ApiRouteName } from "@automna/contract/api-routes";
import { createPrismaClient } from "@automna/prisma/client";
import { serveAgent } from "@automna/records/agents";
import { wishMove } from "@automna/records/moves";
import type { Tier } from "@automna/core/tiers/catalogue";
import type { ApiClient } from "@automna/testkit/api-client";
import type { ScenarioContext } from "../harness/scenario.ts";
import { READY_TIMEOUT_MS, lookAtAgent, untilDeleted, untilReady } from "../steps/agent-life.ts";
import { adminDatabaseUrl } from "../steps/database.ts";
import { letRest } from "../steps/rest.ts";
import type { SwarmInstallation } from "../steps/swarm-cell.ts";
import { openChat } from "../steps/chat.ts";
import { findRunningSlot, listContainers } from "./slot.ts";

/** What owner and platform wish of the agent, each until it is so. */
export function agentActionsOf(ctx: ScenarioContext, installation: SwarmInstallation, customer: ApiClient) {
  const db = createPrismaClient(adminDatabaseUrl(installation.product), { max: 1 });
  ctx.onCleanup("let go of the database", () => db.$disconnect());

  const agentIdOf = async () => {
    await customer.refresh();
    const agent = await customer.agent();
    ctx.must(agent !== null, "there is an agent");
    return agent.id;
  };
  const press = async (route: ApiRouteName) => {
    const { status } = await customer.call(route, { params: { agentId: await agentIdOf() } });
    ctx.must(status === 202, `${route} is accepted`, status);
  };
  const untilPhase = (phase: AgentView["phase"]) =>
    ctx.eventually(
      `the agent is ${phase}`,
      async () => ((await lookAtAgent(customer))?.phase === phase ? true : null),
      {
        timeoutMs: READY_TIMEOUT_MS,
        everyMs: 200,
      },
    );
  /** Another container than before, and ready. */
  const untilAnew = async (containerId: string, sentence: string) => {
    const startedAt = Date.now();
    await ctx.eventually(
      sentence,
      async () => {
        const containers = await Promise.all(
          installation.cell.agentNodes.map(({ engine }) => engine.docker.listContainers()),
        );
        return containers.flat().some(({ Id: id }) => id === containerId) ? null : true;
      },
      { timeoutMs: READY_TIMEOUT_MS },
    );
    await untilReady(ctx, customer);
    ctx.figure(`seconds: ${sentence}`, (Date.now() - startedAt) / 1_000, "s");
  };

  return {
    /** As the sweep does it with an agent that nobody needs; a customer who comes back wakes it. */
    async rest(rest: "doze" | "sleep") {
      const agentId = await agentIdOf();
      ctx.must(await letRest(db, { agentId, rest }), `the agent may ${rest}`);
      await untilPhase(rest === "doze" ? "dozing" : "asleep");
      const wokenAt = Date.now();
      const chat = await openChat(ctx, customer);
      ctx.figure(`seconds from ${rest} to a chat that connects`, (Date.now() - wokenAt) / 1_000, "s");
      chat.close();
      await untilReady(ctx, customer, `the customer's return has woken it`);
    },
    async restart() {
      const { containerId } = await findRunningSlot(ctx, installation);
      await press("restartAgent");
      await untilAnew(containerId, "it restarts as another container");
    },
    /** As billing does it when the plan changes. */
    async resize(tier: Tier) {
      const { containerId } = await findRunningSlot(ctx, installation);
      const agentId = await agentIdOf();
      await db.$transaction((tx) => serveAgent(tx, agentId, { isExpired: false, stop: null, tier }));
      await untilAnew(containerId, "it starts anew with its new limits");
    },
    /** To the other node; the place that it has left keeps its data for a while. */
    async move() {
      const before = await findRunningSlot(ctx, installation);
      const target = installation.cell.agentNodes.find(({ nodeId }) => nodeId !== before.node.nodeId);
      ctx.must(target !== undefined, "there is another node");
      const agentId = await agentIdOf();
      const movedAt = Date.now();
      await db.$transaction((tx) => wishMove(tx, { agentId, toNodeId: target.nodeId, now: new Date() }));
      await ctx.eventually(
        "it has moved to the other node",
        async () => {
          const { phase, slot } = await db.agent.findUniqueOrThrow({ where: { id: agentId }, include: { slot: true } });
          return phase === "ready" && slot?.nodeId === target.nodeId ? true : null;
        },
        { timeoutMs: READY_TIMEOUT_MS, everyMs: 250 },
      );
      ctx.figure("seconds to move", (Date.now() - movedAt) / 1_000, "s");
      const kept = await db.slot.findUnique({ where: { id: before.slotId } });
      ctx.hold(
        kept?.keptForId === agentId && kept.releasedAt === null,
        "and the place that it left keeps its data",
        kept?.id,
      );
      const containers = await listContainers(installation.cell, before.slotId);
      ctx.hold(
        containers.every(({ isRunning }) => !isRunning),
        "where nothing runs any more",
        containers,
      );
    },
    async remove() {
      await press("deleteAgent");
      await untilDeleted(ctx, customer);
    },
  };
}
