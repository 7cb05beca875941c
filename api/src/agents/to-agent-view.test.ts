import { agentViewSchema } from "@automna/contract/agents";
import type { AgentRecord } from "@automna/records/agents";
import { expect, test } from "vitest";
import { toAgentView } from "./to-agent-view.ts";
import { toEventView } from "./to-event-view.ts";

const at = new Date(1_000);
const record = (over: Partial<AgentRecord> = {}): AgentRecord => ({
  id: "agt_00000000000000000000",
  userId: "user_00000000000000000000",
  name: "Ada",
  personality: "",
  modelSource: "demo",
  tier: "local",
  desired: "running",
  stoppedFor: null,
  generation: 1,
  phase: "starting",
  phaseSince: at,
  stage: "warming",
  stageSince: at,
  reason: null,
  attempts: 0,
  retryAt: null,
  rest: "awake",
  restSince: null,
  restWakes: 0,
  admittedAt: null,
  moveWishedAt: null,
  moveToNodeId: null,
  nextSlotId: null,
  wishedImage: null,
  failedImage: null,
  isSafeMode: false,
  slotId: "slt_00000000000000000000",
  backendType: "local",
  host: "127.0.0.1",
  port: 21_000,
  createdAt: at,
  deletedAt: null,
  ...over,
});

test("the owner sees progress and abilities, and neither slot nor address", () => {
  const view = toAgentView(record(), 11_000);
  expect(agentViewSchema.strict().parse(view)).toEqual(view);
  expect(view).toMatchObject({
    path: "/a/user_00000000000000000000",
    abilities: ["stop", "restart", "delete"],
    progress: { stage: "warming", sinceMs: 1_000 },
  });
  expect(view.progress.percent).toBeGreaterThan(0);
  expect(view.progress.percent).toBeLessThan(100);
  expect(JSON.stringify(view)).not.toMatch(/slt_|127\.0\.0\.1|21000/);
});

test("a reason comes with its words, also one that this version does not know", () => {
  expect(toAgentView(record({ phase: "failing", reason: "no_room" }), 2_000).reason?.title).toBe(
    "No room for your agent right now.",
  );
  expect(toAgentView(record({ phase: "failing", reason: "from_the_future" }), 2_000).reason?.code).toBe("step_failed");
});

test("an agent that is to be deleted offers only that", () => {
  expect(toAgentView(record({ phase: "ready", desired: "deleted" }), 2_000).abilities).toEqual(["delete"]);
});

test("every event that the records write has words", () => {
  for (const type of [
    "agent.requested",
    "agent.stage_warming",
    "agent.restart_requested",
    "agent.stopped_requested",
    "agent.byok_chosen",
    "agent.demo_chosen",
    "agent.failing",
  ]) {
    expect(toEventView({ id: 7n, type, phase: "starting", at }).message).toMatch(/^[A-Z].*\.$/);
  }
  expect(toEventView({ id: 7n, type: "agent.some_new_thing", phase: "starting", at })).toEqual({
    id: "7",
    type: "agent.some_new_thing",
    phase: "starting",
    atMs: 1_000,
    message: "some new thing",
  });
});

test("an agent that the platform keeps stopped says why, and can only be deleted", () => {
  const view = toAgentView(record({ phase: "asleep", desired: "stopped", stoppedFor: "payment_failed" }), 0);
  expect(view.reason?.code).toBe("payment_failed");
  expect(view.abilities).toEqual(["delete"]);
});
