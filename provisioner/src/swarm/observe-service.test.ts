import { describe, expect, test } from "vitest";
import type { EngineService, EngineTask, TaskState } from "./engine-shapes.ts";
import { observeService, type ServicePicture } from "./observe-service.ts";

const serviceWith = (over: Partial<EngineService> = {}): EngineService => ({
  id: "svc",
  version: 10,
  updatedAtMs: 5_000,
  name: "automna-slt_1",
  labels: {},
  run: 1,
  nodeId: "n1",
  replicas: 1,
  ...over,
});
const taskWith = (state: TaskState, over: Partial<EngineTask> = {}): EngineTask => ({
  id: "t1",
  serviceId: "svc",
  nodeId: "n1",
  createdAtMs: 6_000,
  run: 1,
  state,
  stateSinceMs: 7_000,
  isLeaving: false,
  error: "",
  exitCode: null,
  ...over,
});
const observe = (tasks: EngineTask[], over: Partial<ServicePicture> = {}) =>
  observeService({ service: serviceWith(), tasks, readyNodes: new Set(["n1"]), container: null, ...over });

describe("a slot that is to run", () => {
  test.each(["new", "allocated", "pending", "assigned", "accepted", "preparing", "ready", "starting"] as const)(
    "waits for its node while its task is %s",
    (state) => {
      const nodeId = state === "new" || state === "pending" ? null : "n1";
      expect(observe([taskWith(state, { nodeId })])).toEqual({ kind: "pending", sinceMs: 6_000 });
    },
  );

  test("runs since its task does, and dozes when its node says so", () => {
    expect(observe([taskWith("running")])).toEqual({ kind: "running", startedAtMs: 7_000, isDozing: false });
    const frozen = { startedAtMs: 7_000, memoryMb: 30, swapMb: 600, cpuMs: 1 };
    const container = { kind: "running", isDozing: true, ...frozen } as const;
    expect(observe([taskWith("running")], { container })).toMatchObject({ isDozing: true });
  });

  test("waits while Swarm has made no task of this start, whatever the one before ended in", () => {
    const before = taskWith("failed", { run: 0, exitCode: 1 });
    expect(observe([])).toEqual({ kind: "pending", sinceMs: 5_000 });
    expect(observe([before])).toEqual({ kind: "pending", sinceMs: 5_000 });
  });

  test("runs while an older task of it still does", () => {
    expect(observe([taskWith("failed"), taskWith("running", { id: "t0", run: 0 })])).toMatchObject({ kind: "running" });
  });

  test.each([
    ["rejected", { error: "No such image: automna/agent:none" }, "image_missing"],
    ["rejected", { error: "mount: /dev/automna/slt_1: no such file" }, "rejected"],
    ["failed", { error: "starting container failed: bridge full" }, "rejected"],
    ["failed", { exitCode: 1 }, "crashed"],
    ["failed", { exitCode: 137 }, "killed"],
    // The engine's word for what went with its machine.
    ["failed", { exitCode: 255 }, "clean"],
    ["complete", { exitCode: 0 }, "crashed"],
    ["shutdown", {}, "clean"],
    ["orphaned", {}, "unknown"],
  ] as const)("that ended as %s %j is told as %s", (state, over, lastExit) => {
    expect(observe([taskWith(state, over)])).toEqual({ kind: "stopped", lastExit, endedAtMs: 7_000 });
  });

  test("that the kernel killed for want of memory is told as that", () => {
    const ended = { exitCode: 137, startedAtMs: 1, endedAtMs: 2, startError: "" };
    const container = { kind: "ended", wasOomKilled: true, ...ended } as const;
    expect(observe([taskWith("failed", { exitCode: 137 })], { container })).toMatchObject({
      lastExit: "out_of_memory",
    });
  });
});

describe("a slot that is to rest", () => {
  const service = serviceWith({ replicas: 0 });

  test("is stopped, never started or in good order, however it went", () => {
    expect(observe([], { service })).toEqual({ kind: "stopped", lastExit: "clean", endedAtMs: null });
    const killed = taskWith("shutdown", { exitCode: 137 });
    expect(observe([killed], { service })).toEqual({ kind: "stopped", lastExit: "clean", endedAtMs: 7_000 });
  });

  test("runs as long as its task is not over", () => {
    expect(observe([taskWith("running")], { service })).toMatchObject({ kind: "running" });
  });
});

describe("a node that Swarm does not see", () => {
  const readyNodes = new Set(["n2"]);

  test("hides whether a slot runs there", () => {
    for (const state of ["running", "starting", "assigned"] as const)
      expect(observe([taskWith(state)], { readyNodes })).toEqual({ kind: "lost" });
    expect(observe([], { readyNodes })).toEqual({ kind: "lost" });
  });

  test("hides it also for a slot that is to rest, until its task is known to be over", () => {
    const service = serviceWith({ replicas: 0 });
    expect(observe([taskWith("running")], { service, readyNodes })).toEqual({ kind: "lost" });
    expect(observe([taskWith("shutdown")], { service, readyNodes })).toMatchObject({ kind: "stopped" });
  });
});
