import { createPrismaClient, type PrismaClient } from "@automna/prisma/client";
import type { Rest } from "@automna/core/agents/sleep-policy";
import type { Tier } from "@automna/core/tiers/catalogue";
import { requestWake, wishRest } from "@automna/records/activity";
import { changeDesired, findAgent, serveAgent, type AgentRecord } from "@automna/records/agents";
import { wishMove } from "@automna/records/moves";
import { ensureCell, listNodes, recordNode, type NodeFacts } from "@automna/records/nodes";
import { makePool } from "@automna/records/pool";
import { listLiveSlots } from "@automna/records/slots";
import { wishImage } from "@automna/records/upgrades";
import { makeSilentLog } from "@automna/service-kit/log";
import { newKeyRingJson, parseKeyRing } from "@automna/service-kit/secret-box";
import type { TestDatabase } from "@automna/testkit/postgres";
import { makeReconcileAgent, type ReconcileDeps, type ReconcileOutcome } from "../agents/reconcile-agent.ts";
import { makeStartGate } from "../agents/start-gate.ts";
import { stepExecutors } from "../agents/step-executors.ts";
import { makeFakeWorld, type FakeWorld } from "./fake-runtime.ts";
import { addCustomer, wishAgent } from "./wished-agents.ts";

export const CELL_ID = "cell-1";

const nodeFacts: NodeFacts = {
  id: "node-1",
  cellId: CELL_ID,
  name: "node-1",
  address: "127.0.0.1",
  keeperUrl: null,
  ports: { first: 5_000, last: 5_009 },
  memoryMb: null,
  awakeLimit: null,
  ownerId: null,
  isThere: true,
};

export interface Harness extends AsyncDisposable {
  /** As the provisioner's own role. */
  db: PrismaClient;
  world: FakeWorld;
  deps: ReconcileDeps;
  rings: ReconcileDeps["rings"];
  now: () => number;
  pass: (ms: number) => void;
  /** The node's record, as its cell says from now on. */
  setNode: (over: Partial<NodeFacts>) => Promise<void>;
  deploy: () => Promise<string>;
  wish: (agentId: string, desired: AgentRecord["desired"], isRestart?: boolean) => Promise<void>;
  /** As the sweep decides it; `wakes` as it knows them, else as they are. False = no change. */
  rest: (agentId: string, rest: Rest, wakes?: number) => Promise<boolean>;
  /** As the proxy asks for it. */
  wake: (agentId: string) => Promise<boolean>;
  move: (agentId: string) => Promise<void>;
  upgrade: (agentId: string, image: string) => Promise<void>;
  setTier: (agentId: string, tier: Tier) => Promise<void>;
  /** One look, as a worker of its own. */
  look: (agentId: string, over?: Partial<ReconcileDeps>) => Promise<ReconcileOutcome>;
  /** Looks and lets time pass until the agent is as wished, or `times` are over. */
  settle: (agentId: string, times?: number) => Promise<AgentRecord>;
  agent: (agentId: string) => Promise<AgentRecord>;
  liveSlots: () => Promise<string[]>;
}

/** A database, a node in memory and a clock of our own around the real loop. */
export function makeHarness(database: TestDatabase): Harness {
  const db = createPrismaClient(database.urlAs("automna_provisioner"), { max: 4 });
  const admin = createPrismaClient(database.url, { max: 2 });
  const ingress = makePool(database.urlAs("automna_ingress"), { max: 2 });
  let nowMs = Date.parse("2026-11-22T12:00:00Z");
  const world = makeFakeWorld(() => nowMs);
  const rings = { slots: parseKeyRing(newKeyRingJson()), ingress: parseKeyRing(newKeyRingJson()) };
  const deps: ReconcileDeps = {
    db,
    runtime: world.runtime,
    agentd: world.agentd,
    rings,
    models: { main: "claude-sonnet-4-5", utility: "claude-haiku-4-5" },
    cell: {
      cellId: CELL_ID,
      runtime: "process",
      backendType: "local",
      takesEveryTier: true,
      workingSetMb: 1_024,
      portRestMs: 60_000,
      bootCostS: 20,
      image: "image-1",
    },
    executors: stepExecutors,
    startGate: makeStartGate({ capacity: null, clock: () => nowMs }),
    lease: { db, holder: "test", ttlMs: 15_000, renewMs: 5_000 },
    clock: () => nowMs,
    log: makeSilentLog(),
  };
  const setNode = async (over: Partial<NodeFacts>) => {
    await ensureCell(db, { id: CELL_ID, runtime: "process" });
    await recordNode(db, { ...nodeFacts, ...over }, new Date(nowMs));
  };
  const look: Harness["look"] = (agentId, over = {}) =>
    makeReconcileAgent({ ...deps, ...over })(agentId, new AbortController().signal);
  const agent = async (agentId: string) => {
    const found = await findAgent(db, agentId);
    if (found === null) throw new Error(`no agent ${agentId}`);
    return found;
  };
  return {
    db,
    world,
    deps,
    rings,
    look,
    agent,
    now: () => nowMs,
    pass: (ms) => (nowMs += ms),
    setNode,
    async deploy() {
      if ((await listNodes(db, CELL_ID)).length === 0) await setNode({});
      const agentId = await wishAgent(admin, await addCustomer(admin), "local");
      // phase_since comes from the database's clock; the planner's is ours.
      await admin.agent.update({ where: { id: agentId }, data: { phaseSince: new Date(nowMs) } });
      return agentId;
    },
    async wish(agentId, desired, isRestart = false) {
      await changeDesired(admin, { agentId, desired, isRestart, assertPossible: () => undefined });
    },
    async rest(agentId, rest, wakes) {
      const known = await db.agentActivity.findUnique({ where: { agentId } });
      return wishRest(db, { agentId, rest, wakes: wakes ?? known?.wakes ?? 0, now: new Date(nowMs) });
    },
    async wake(agentId) {
      const { userId } = await agent(agentId);
      return requestWake(ingress, { agentId, userId, at: new Date(nowMs) });
    },
    async move(agentId) {
      // The one node there is: another place on it.
      const to = { agentId, toNodeId: nodeFacts.id, now: new Date(nowMs) };
      await admin.$transaction((tx) => wishMove(tx, to));
    },
    async upgrade(agentId, image) {
      await admin.$transaction((tx) => wishImage(tx, agentId, image));
    },
    async setTier(agentId, tier) {
      const service = { isExpired: false, stop: null, tier };
      await admin.$transaction((tx) => serveAgent(tx, agentId, service));
    },
    async settle(agentId, times = 40) {
      for (let i = 0; i < times; i += 1) {
        const outcome = await look(agentId);
        const { phase } = await agent(agentId);
        // Wished-for moves and upgrades begin at once: a ready agent that waits has none.
        if (outcome.kind === "settled" || (outcome.kind === "wait" && phase === "ready")) break;
        if (outcome.kind === "wait") nowMs = Math.max(nowMs, outcome.untilMs);
      }
      return agent(agentId);
    },
    liveSlots: async () => (await listLiveSlots(db, CELL_ID)).map((slot) => slot.id),
    async [Symbol.asyncDispose]() {
      await Promise.all([db.$disconnect(), admin.$disconnect(), ingress.end()]);
    },
  };
}
