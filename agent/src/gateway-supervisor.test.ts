import { setTimeout as sleep } from "node:timers/promises";
import { makeSilentLog } from "@automna/service-kit/log";
import { describe, expect, test, vi } from "vitest";
import type { GatewayExit } from "./gateway-exit.ts";
import type { GatewayProcess } from "./gateway-process.ts";
import { makeGatewaySupervisor, type SupervisorDeps } from "./gateway-supervisor.ts";

const claim = {
  agentId: "agt_1",
  userId: "user_1",
  name: "Nova",
  personality: "Warm.",
  model: "a",
  utilityModel: "b",
  memoryMb: 1_024,
};

/** A gateway that runs until it is stopped or told to end. */
function makeProcess(pid: number) {
  const { promise: exited, resolve } = Promise.withResolvers<GatewayExit>();
  const stops: [string, number | undefined][] = [];
  const gateway: GatewayProcess = {
    pid,
    ended: exited,
    exited,
    stop(cause, graceMs) {
      stops.push([cause, graceMs]);
      resolve({ code: null, signal: "SIGTERM", cause });
      return exited;
    },
  };
  return { gateway, stops, end: resolve };
}

function setUp(changes: Partial<SupervisorDeps> = {}) {
  const processes: ReturnType<typeof makeProcess>[] = [];
  const until = (_address: unknown, signal: AbortSignal) => sleep(60_000, undefined, { signal });
  const deps: SupervisorDeps = {
    now: Date.now,
    log: makeSilentLog(),
    sweep: async () => undefined,
    findPort: async () => 4_000 + processes.length,
    configure: async () => undefined,
    start: async () => {
      const made = makeProcess(processes.length + 1);
      processes.push(made);
      return made.gateway;
    },
    waitUntilReady: async () => undefined,
    waitUntilSilent: until,
    applyPersonality: async () => undefined,
    ...changes,
  };
  return { supervisor: makeGatewaySupervisor(deps), processes, until };
}

describe("the gateway's supervisor", () => {
  test("gives no address before the gateway works, and a new secret header with each start", async () => {
    const ready = Promise.withResolvers<void>();
    const { supervisor, processes } = setUp({ waitUntilReady: () => ready.promise });
    expect(supervisor.facts().state).toBe("unclaimed");
    supervisor.run(claim);
    await vi.waitFor(() => expect(supervisor.facts()).toMatchObject({ state: "starting", pid: 1 }));
    expect(supervisor.address()).toBeNull();
    ready.resolve();
    await vi.waitFor(() => expect(supervisor.facts().state).toBe("ready"));
    const first = supervisor.address();
    processes[0]?.end({ code: 1, signal: null });
    await vi.waitFor(() => expect(supervisor.facts()).toMatchObject({ state: "ready", restarts: 1, pid: 2 }));
    expect(supervisor.address()?.gateHeader).not.toBe(first?.gateHeader);
    await supervisor.stop();
    expect(supervisor.facts()).toMatchObject({ state: "stopped", pid: null });
    expect(supervisor.address()).toBeNull();
  });

  test("takes the address back the moment the gateway ends", async () => {
    const { supervisor, processes } = setUp();
    supervisor.run(claim);
    await vi.waitFor(() => expect(supervisor.address()).not.toBeNull());
    processes[0]?.end({ code: null, signal: "SIGKILL" });
    await vi.waitFor(() => expect(supervisor.address()).toBeNull());
    expect(supervisor.facts().state).toBe("starting");
    await supervisor.stop();
  });

  test("ends a gateway that hangs, and starts it again", async () => {
    const silent = Promise.withResolvers<void>();
    const { supervisor, processes, until } = setUp({
      waitUntilSilent: (address, signal) => Promise.race([silent.promise, until(address, signal)]),
    });
    supervisor.run(claim);
    await vi.waitFor(() => expect(supervisor.facts().state).toBe("ready"));
    silent.resolve();
    await vi.waitFor(() => expect(supervisor.facts().restarts).toBe(1));
    expect(processes[0]?.stops).toEqual([["stopped answering", 0]]);
    expect(supervisor.facts().lastExit).toBe("stopped answering");
    await supervisor.stop();
  });

  test("ends a gateway whose first RPC fails", async () => {
    const { supervisor, processes } = setUp({ waitUntilReady: () => Promise.reject(new Error("no answer")) });
    supervisor.run(claim);
    await vi.waitFor(() => expect(supervisor.facts().restarts).toBe(1));
    expect(processes[0]?.stops).toEqual([["did not get ready", 0]]);
    await supervisor.stop();
  });

  test("keeps trying when the gateway can't even be started", async () => {
    const { supervisor } = setUp({ configure: () => Promise.reject(new Error("disk full")) });
    supervisor.run(claim);
    await vi.waitFor(() => expect(supervisor.facts().lastExit).toBe("could not be started"));
    await supervisor.stop();
    expect(supervisor.facts().state).toBe("stopped");
  });

  test("restarts once for a claim that came while the gateway was being set up", async () => {
    const configured = Promise.withResolvers<void>();
    const models: string[] = [];
    const { supervisor, processes } = setUp({
      configure: async ({ model }) => {
        models.push(model);
        await configured.promise;
      },
    });
    supervisor.run(claim);
    await vi.waitFor(() => expect(models).toEqual(["a"]));
    await supervisor.update({ ...claim, model: "c" });
    configured.resolve();
    await vi.waitFor(() => expect(supervisor.facts().state).toBe("ready"));
    expect(models).toEqual(["a", "c"]);
    expect(processes).toHaveLength(2);
    expect(supervisor.facts().restarts).toBe(0);
    await supervisor.stop();
  });

  test("is not ready before it knows whose it is, when it is claimed while it comes up for nobody", async () => {
    const ready = Promise.withResolvers<void>();
    const names: string[] = [];
    const { supervisor, processes } = setUp({
      waitUntilReady: () => ready.promise,
      applyPersonality: async ({ name }) => void names.push(name),
    });
    const { model, utilityModel, memoryMb } = claim;
    supervisor.run({ model, utilityModel, memoryMb });
    await vi.waitFor(() => expect(processes).toHaveLength(1));
    await supervisor.update(claim);
    ready.resolve();
    await vi.waitFor(() => expect(supervisor.facts().state).toBe("ready"));
    expect(names).toEqual(["Nova"]);
    expect(processes).toHaveLength(1);
    await supervisor.stop();
  });

  test("starts nothing more once it is told to stop", async () => {
    const configured = Promise.withResolvers<void>();
    const { supervisor, processes } = setUp({ configure: () => configured.promise });
    supervisor.run(claim);
    const stopped = supervisor.stop();
    configured.resolve();
    await stopped;
    expect(processes.flatMap(({ stops }) => stops)).toEqual([["stopped with agentd", undefined]]);
  });
});
