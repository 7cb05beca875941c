import { randomUUID } from "node:crypto";
import { actedSchema } from "@automna/contract/admin";
import {
  cellActionsSchema,
  cellListSchema,
  nodeAnswerSchema,
  placedAgentsSchema,
  sweepListSchema,
  type ActOnCells,
} from "@automna/contract/admin-cells";
import { agentAnswerSchema } from "@automna/contract/agents";
import { waveAnswerSchema, waveListSchema } from "@automna/contract/admin-waves";
import type { CellAction } from "@automna/core/operators/cell-action";
import { createPrismaClient, type PrismaClient } from "@automna/prisma/client";
import { makePool } from "@automna/records/pool";
import { newId } from "@automna/service-kit/new-id";
import { createTestDatabase, type TestDatabase } from "@automna/testkit/postgres";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { startTestApi, type TestApi } from "../../testing/start-test-api.ts";
import { codeOf, makeTestBrowser, type TestBrowser } from "../../testing/test-browser.ts";

let database: TestDatabase;
let api: TestApi;
let admin: PrismaClient;
let operator: TestBrowser;
let operatorId: string;
let customer: TestBrowser;
let agentId: string;
let people = 0;

beforeAll(async () => {
  database = await createTestDatabase();
  api = await startTestApi({ databaseUrl: database.urlAs("automna_api") });
  admin = createPrismaClient(database.url, { max: 2 });
  operator = makeTestBrowser(api.origin);
  operatorId = await operator.signIn(api.startLink(), "operator@example.com");
  await admin.cell.create({ data: { id: "cell-1", runtime: "swarm" } });
});
afterAll(async () => {
  await Promise.all([api.close(), admin.$disconnect()]);
  await database.drop();
});

/** Two nodes as they were made, and an agent that is ready on the first. */
beforeEach(async () => {
  people += 1;
  await admin.upgradeWave.deleteMany();
  await admin.nodeDrain.deleteMany();
  await admin.sweepReport.deleteMany();
  await admin.upgradeDeferral.deleteMany();
  await admin.agent.updateMany({ data: { phase: "deleted", slotId: null, moveWishedAt: null } });
  for (const id of ["node-1", "node-2"]) {
    const ports = { firstPort: 20_000, lastPort: 20_099 };
    const fresh = { cordonedAt: null, cordonReason: null, drainingSince: null, lostSince: null };
    const data = { cellId: "cell-1", name: id, address: "10.0.0.1", ...ports, ...fresh, memoryMb: 32_000 };
    await admin.node.upsert({
      where: { id },
      create: { id, ...data, seenAt: new Date() },
      update: { ...data, seenAt: new Date() },
    });
  }
  customer = makeTestBrowser(api.origin);
  await customer.signIn(api.startLink(), `person${people}@example.com`);
  const deployed = await customer.call("deployAgent", { body: { name: "Ada", modelSource: "demo" } });
  agentId = agentAnswerSchema.parse(deployed.body).agent.id;
  await admin.slot.updateMany({ data: { releasedAt: new Date() } });
  const slotId = newId("slt");
  const bytes = new Uint8Array([1]);
  const keys = { rootKeyEnvelope: bytes, ingressKeyEnvelope: bytes, egressKeyHash: bytes };
  const place = { nodeId: "node-1", host: "10.0.0.1", port: 20_000, workingSetMb: 900, image: "agent:1" };
  await admin.slot.create({ data: { id: slotId, ...place, ...keys } });
  await admin.agent.update({ where: { id: agentId }, data: { phase: "ready", slotId } });
});

const intent = (action: CellAction, key: string = randomUUID()): ActOnCells => ({ key, reason: "as planned", action });
const act = (body: ActOnCells, as = operator) => as.call("actOnCells", { body });
const done = async (action: CellAction) => {
  const { status, body } = await act(intent(action));
  expect(status, JSON.stringify(body)).toBe(200);
  return actedSchema.parse(body).after;
};
const refusal = async (action: CellAction) => codeOf(await act(intent(action)));
const nodeView = async (nodeId = "node-1") =>
  nodeAnswerSchema.parse((await operator.call("getNode", { params: { nodeId } })).body);
const agent = () => admin.agent.findUniqueOrThrow({ where: { id: agentId } });
const audit = async () => cellActionsSchema.parse((await operator.call("listCellActions")).body).actions;

describe("what is seen", () => {
  test("cells with their nodes, and what each carries", async () => {
    const { cells } = cellListSchema.parse((await operator.call("listCells")).body);
    expect(cells).toHaveLength(1);
    expect(cells[0]?.nodes).toMatchObject([
      { id: "node-1", cordon: null, load: { reservedMb: 900, awake: 1, slots: 1, ports: 100, portsLeft: 99 } },
      { id: "node-2", load: { reservedMb: 0, awake: 0, slots: 0 } },
    ]);
  });

  test("a node's agents in words, and agents by phase", async () => {
    await admin.agent.update({ where: { id: agentId }, data: { phase: "failing", reason: "out_of_memory" } });
    const { agents } = await nodeView();
    expect(agents).toMatchObject([{ id: agentId, nodeId: "node-1", message: expect.stringContaining("memory") }]);
    const byPhase = async (phase: string) =>
      placedAgentsSchema.parse((await operator.send("GET", `/api/admin/agents?phase=${phase}`)).body).agents.length;
    expect([await byPhase("failing"), await byPhase("ready")]).toEqual([1, 0]);
    expect(codeOf(await operator.call("getNode", { params: { nodeId: "node-9" } }))).toBe("node_not_found");
  });

  test("and nothing of it by a customer", async () => {
    expect(codeOf(await customer.call("listCells"))).toBe("forbidden");
    expect(codeOf(await act(intent({ type: "cordon_node", nodeId: "node-1" }), customer))).toBe("forbidden");
    expect((await nodeView()).node.cordon).toBeNull();
  });
});

describe("a node", () => {
  test("is cordoned with a reason in the audit, once for each key, and uncordoned", async () => {
    const body = intent({ type: "cordon_node", nodeId: "node-1" });
    const answers = await Promise.all([act(body), act(body), act(body)]);
    expect(answers.map(({ status }) => status)).toEqual([200, 200, 200]);
    expect((await nodeView()).node.cordon).toMatchObject({ reason: "operator" });
    const entries = (await audit()).filter(({ subject }) => subject === "node-1");
    expect(entries[0]).toMatchObject({
      operatorId,
      action: "cordon_node",
      reason: "as planned",
      before: { cordon: null },
      after: { cordon: "operator" },
    });
    expect(entries.filter(({ action }) => action === "cordon_node")).toHaveLength(1);
    await done({ type: "uncordon_node", nodeId: "node-1" });
    expect((await nodeView()).node.cordon).toBeNull();
  });

  test("that the platform cordoned keeps that as its reason", async () => {
    await admin.node.update({
      where: { id: "node-1" },
      data: { cordonedAt: new Date(), cordonReason: "keeps_failing" },
    });
    await done({ type: "cordon_node", nodeId: "node-1" });
    expect((await nodeView()).node.cordon).toMatchObject({ reason: "keeps_failing" });
  });

  test("is drained with progress, and the drain can be stopped", async () => {
    await done({ type: "drain_node", nodeId: "node-1", concurrency: 2 });
    const { node } = await nodeView();
    expect(node).toMatchObject({ cordon: { reason: "operator" }, drain: { state: "running", total: 1, left: 1 } });
    await done({ type: "stop_drain", nodeId: "node-1" });
    const stopped = (await nodeView()).node;
    expect(stopped).toMatchObject({ cordon: { reason: "operator" }, drainingSinceMs: null });
    expect(stopped.drain).toMatchObject({ state: "cancelled" });
  });

  test("that is lost is not drained: there is nobody to take anything from", async () => {
    await admin.node.update({ where: { id: "node-1" }, data: { lostSince: new Date() } });
    const body = intent({ type: "drain_node", nodeId: "node-1", concurrency: 2 });
    for (let times = 0; times < 2; times += 1) expect(codeOf(await act(body))).toBe("node_is_lost");
    expect((await audit())[0]).toMatchObject({ action: "drain_node", after: { refused: "node_is_lost" } });
    expect((await nodeView()).node.cordon).toBeNull();
  });

  test("a key that stood for something else is refused", async () => {
    const body = intent({ type: "cordon_node", nodeId: "node-1" });
    await act(body);
    expect(codeOf(await act({ ...body, action: { type: "cordon_node", nodeId: "node-2" } }))).toBe("operator_key_used");
    expect((await nodeView("node-2")).node.cordon).toBeNull();
  });
});

describe("an agent", () => {
  test("is wished elsewhere once, and the provisioner hears of it", async () => {
    await done({ type: "move_agent", agentId, nodeId: "node-2" });
    await done({ type: "move_agent", agentId, nodeId: "node-2" });
    expect(await agent()).toMatchObject({ moveToNodeId: "node-2", moveWishedAt: expect.any(Date) });
    expect(await admin.agentEvent.count({ where: { agentId, type: "agent.move_requested" } })).toBe(1);
    expect(api.hints).toContain(agentId);
  });

  test("is not moved to a node that takes nothing, nor while it is on its way", async () => {
    await done({ type: "cordon_node", nodeId: "node-2" });
    expect(await refusal({ type: "move_agent", agentId, nodeId: "node-2" })).toBe("node_takes_nothing");
    expect(await refusal({ type: "move_agent", agentId, nodeId: "node-9" })).toBe("node_not_found");
    await admin.agent.update({ where: { id: agentId }, data: { phase: "starting" } });
    expect(await refusal({ type: "move_agent", agentId, nodeId: null })).toBe("agent_not_movable");
    expect(await agent()).toMatchObject({ moveWishedAt: null });
  });

  test("of a lost node waits by an operator's word, and is not restored while there are no backups", async () => {
    expect(await refusal({ type: "decide_lost_agent", agentId, decision: "wait" })).toBe("agent_node_not_lost");
    await admin.node.update({ where: { id: "node-1" }, data: { lostSince: new Date() } });
    expect(await refusal({ type: "move_agent", agentId, nodeId: null })).toBe("node_is_lost");
    expect(await refusal({ type: "decide_lost_agent", agentId, decision: "restore" })).toBe("backups_unavailable");
    const before = await agent();
    await done({ type: "decide_lost_agent", agentId, decision: "wait" });
    expect(await agent()).toEqual(before);
    expect((await audit())[0]).toMatchObject({ action: "decide_lost_agent", after: { decision: "wait" } });
  });
});

describe("a wave", () => {
  const settings = {
    canaries: 1,
    soakMs: 60_000,
    growth: 2,
    maxBatch: 10,
    maxFailureShare: 0.2,
    takesBack: "unwell",
  } as const;
  const create = async (image = "agent:2") => {
    await done({ type: "create_wave", image, settings });
    const [wave] = waveListSchema.parse((await operator.call("listWaves")).body).waves;
    return wave?.id ?? expect.unreachable();
  };
  const view = async (waveId: string) =>
    waveAnswerSchema.parse((await operator.call("getWave", { params: { waveId } })).body);

  test("is made of everybody who has another image, and begins when it is started", async () => {
    const waveId = await create();
    expect(await view(waveId)).toMatchObject({
      wave: { state: "draft", total: 1, counts: { waiting: 1 }, batch: null, abilities: ["start"] },
      members: [{ agentId, state: "waiting" }],
    });
    await done({ type: "start_wave", waveId });
    expect((await view(waveId)).wave).toMatchObject({ state: "running", abilities: ["pause", "halt", "roll_back"] });
    expect(await agent()).toMatchObject({ wishedImage: null });
  });

  test("is refused where everybody has the image", async () => {
    expect(await refusal({ type: "create_wave", image: "agent:1", settings })).toBe("wave_without_agents");
    expect(await admin.upgradeWave.count()).toBe(0);
  });

  test("is paused, goes on, halts, and goes on with what failed accepted", async () => {
    const waveId = await create();
    expect(await refusal({ type: "pause_wave", waveId })).toBe("wave_action_not_possible");
    await done({ type: "start_wave", waveId });
    await done({ type: "pause_wave", waveId });
    await done({ type: "start_wave", waveId });
    await admin.upgradeMember.updateMany({ where: { waveId }, data: { state: "reverted", batch: 0 } });
    await done({ type: "halt_wave", waveId });
    await done({ type: "start_wave", waveId });
    expect(await admin.upgradeWave.findUniqueOrThrow({ where: { id: waveId } })).toMatchObject({ acceptedBatches: 1 });
    await done({ type: "roll_back_wave", waveId });
    expect((await view(waveId)).wave).toMatchObject({ state: "rolling_back", abilities: [] });
  });

  test("has the agents to itself", async () => {
    const one = await create();
    const other = await create("agent:3");
    await done({ type: "start_wave", waveId: one });
    expect(await refusal({ type: "start_wave", waveId: other })).toBe("another_wave_active");
    await done({ type: "halt_wave", waveId: one });
    await done({ type: "start_wave", waveId: other });
  });

  test("passes over a customer for whom it was put off, and that can be taken back", async () => {
    const waveId = await create();
    const { userId } = await agent();
    await done({ type: "defer_upgrades", userId, days: 7 });
    expect((await view(waveId)).members[0]?.deferredUntilMs).toBeGreaterThan(Date.now());
    await done({ type: "defer_upgrades", userId, days: 0 });
    expect((await view(waveId)).members[0]?.deferredUntilMs).toBeNull();
  });
});

describe("the warm pool", () => {
  const cell = async () => {
    const { cells } = cellListSchema.parse((await operator.call("listCells")).body);
    return cells[0] ?? expect.unreachable();
  };

  test("is paused and goes on, once for each key, with a reason in the audit", async () => {
    await admin.cell.update({ where: { id: "cell-1" }, data: { warmWishes: [{ tier: "starter", perNode: 2 }] } });
    const body = intent({ type: "pause_warm_pool", cellId: "cell-1" });
    expect((await Promise.all([act(body), act(body)])).map(({ status }) => status)).toEqual([200, 200]);
    const paused = (await cell()).warmPool;
    expect(paused).toEqual({ pausedSinceMs: expect.any(Number), wishes: [{ tier: "starter", perNode: 2 }] });
    await done({ type: "pause_warm_pool", cellId: "cell-1" });
    expect((await cell()).warmPool).toEqual(paused);
    await done({ type: "resume_warm_pool", cellId: "cell-1" });
    expect((await cell()).warmPool.pausedSinceMs).toBeNull();
    expect((await audit())[0]).toMatchObject({
      action: "resume_warm_pool",
      subject: "cell-1",
      reason: "as planned",
      before: { isPaused: true },
      after: { isPaused: false },
    });
  });

  test("is not a customer's to pause, nor one of a cell that there is not", async () => {
    const body = intent({ type: "pause_warm_pool", cellId: "cell-1" });
    expect(codeOf(await act(body, customer))).toBe("forbidden");
    expect((await cell()).warmPool.pausedSinceMs).toBeNull();
    expect(await refusal({ type: "pause_warm_pool", cellId: "nowhere" })).toBe("cell_not_found");
  });

  test("shows what each node holds, and who waits at its start gate as far as that was said lately", async () => {
    const bytes = new Uint8Array([1]);
    const keys = { rootKeyEnvelope: bytes, ingressKeyEnvelope: bytes, egressKeyHash: bytes };
    for (const [index, warmState] of ["ready", "ready", "making"].entries()) {
      const place = { nodeId: "node-2", host: "10.0.0.1", port: 20_001 + index, warmState, warmTier: "starter" };
      await admin.slot.create({ data: { id: newId("slt"), ...place, ...keys } });
    }
    const said = { nodeId: "node-2", booting: 1, waiting: 2, waitingPeople: 1 };
    await admin.nodeGate.createMany({
      data: [
        { ...said, holder: "one", at: new Date() },
        { ...said, holder: "other", at: new Date() },
        { ...said, holder: "gone", at: new Date(Date.now() - 10 * 60_000) },
      ],
    });
    expect((await nodeView("node-2")).node).toMatchObject({
      warm: { ready: 2, making: 1, retiring: 0 },
      gate: { booting: 2, waiting: 4, waitingPeople: 2 },
    });
    expect((await nodeView("node-1")).node).toMatchObject({ warm: { ready: 0 }, gate: { booting: 0 } });
  });
});

describe("a sweep", () => {
  const reports = async () => sweepListSchema.parse((await operator.call("listSweeps")).body).reports;

  test("is asked for a dry run once, and its answer is shown", async () => {
    await done({ type: "request_dry_run", cellId: "cell-1" });
    await done({ type: "request_dry_run", cellId: "cell-1" });
    expect(await reports()).toMatchObject([{ isDryRun: true, requestedBy: operatorId, lastAtMs: null }]);
    const finding = { kind: "unowned", slotId: "slt_1", nodeId: "node-1", agentId: null, sinceMs: 1 };
    await admin.sweepReport.updateMany({
      data: { lastAt: new Date(), turns: 1, findings: [{ ...finding, outcome: "would_remove" }] },
    });
    expect(await reports()).toMatchObject([{ turns: 1, findings: [{ outcome: "would_remove" }] }]);
    expect(await refusal({ type: "request_dry_run", cellId: "nowhere" })).toBe("cell_not_found");
  });
});

test("nobody, not even the owner of the tables, changes or deletes what operators did to cells", async () => {
  await done({ type: "uncordon_node", nodeId: "node-1" });
  const owner = makePool(database.url, { max: 1 });
  try {
    for (const attempt of ["UPDATE cell_actions SET at = now()", "DELETE FROM cell_actions", "TRUNCATE cell_actions"])
      await expect(owner.query(attempt), attempt).rejects.toThrow("the audit is never changed");
  } finally {
    await owner.end();
  }
});
