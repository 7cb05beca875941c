import { makeSilentLog } from "@automna/service-kit/log";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { makeLookScheduler, type LookScheduler } from "./look-scheduler.ts";
import type { ReconcileOutcome } from "./reconcile-agent.ts";

/** Looks that end when the test says so. */
function makeLooks(concurrency = 8) {
  const begun: string[] = [];
  const open = new Map<
    string,
    { resolve: (outcome: ReconcileOutcome) => void; reject: (error: unknown) => void; signal: AbortSignal }
  >();
  const news = new Map<string, () => void>();
  const scheduler = makeLookScheduler({
    untilNews: ({ address }, signal) =>
      new Promise((resolve) => {
        news.set(address.slotId, resolve);
        signal.addEventListener("abort", () => resolve());
      }),
    concurrency,
    clock: Date.now,
    log: makeSilentLog(),
    look: (agentId, signal) => {
      begun.push(agentId);
      return new Promise((resolve, reject) => open.set(agentId, { resolve, reject, signal }));
    },
  });
  const end = async (agentId: string, outcome: ReconcileOutcome) => {
    open.get(agentId)?.resolve(outcome);
    await vi.advanceTimersByTimeAsync(0);
  };
  return { scheduler, begun, open, end, news };
}

describe("when agents are looked at", () => {
  let looks: ReturnType<typeof makeLooks>;
  let scheduler: LookScheduler;
  beforeEach(() => {
    vi.useFakeTimers();
    looks = makeLooks();
    scheduler = looks.scheduler;
  });
  afterEach(() => vi.useRealTimers());

  test("a hint is a look, and a settled agent is forgotten", async () => {
    scheduler.hint("a");
    expect(looks.begun).toEqual(["a"]);
    expect(scheduler.isDueWithin("a", 60_000)).toBe(true);
    await looks.end("a", { kind: "settled" });
    expect(scheduler.isDueWithin("a", 60_000)).toBe(false);
  });

  test("hints during a look are one more look after it, never a second one beside it", async () => {
    scheduler.hint("a");
    scheduler.hint("a");
    scheduler.hint("a");
    expect(looks.begun).toEqual(["a"]);
    await looks.end("a", { kind: "settled" });
    expect(looks.begun).toEqual(["a", "a"]);
    await looks.end("a", { kind: "settled" });
    expect(scheduler.isDueWithin("a", 60_000)).toBe(false);
  });

  test("news of a boot ends the wait for it, once, and news that come during a look count for nothing", async () => {
    const address = { slotId: "s", host: "h", port: 1, controlKey: "k" };
    const boot = { address, seen: { kind: "silent" }, waitedMs: 0 } as const;
    const wait = () => ({ kind: "wait", untilMs: Date.now() + 10_000, boot }) as const;
    scheduler.hint("a");
    await looks.end("a", wait());
    looks.news.get("s")?.();
    await vi.advanceTimersByTimeAsync(0);
    expect(looks.begun).toEqual(["a", "a"]);
    await looks.end("a", wait());
    scheduler.hint("a");
    looks.news.get("s")?.();
    await looks.end("a", { kind: "settled" });
    await vi.advanceTimersByTimeAsync(20_000);
    expect(looks.begun).toEqual(["a", "a", "a"]);
  });

  test("a wait is a look at its time, and a hint does not wait for it", async () => {
    scheduler.hint("a");
    await looks.end("a", { kind: "wait", untilMs: Date.now() + 10_000 });
    await vi.advanceTimersByTimeAsync(9_000);
    expect(looks.begun).toHaveLength(1);
    expect([scheduler.isDueWithin("a", 500), scheduler.isDueWithin("a", 1_000)]).toEqual([false, true]);
    scheduler.hint("a");
    expect(looks.begun).toHaveLength(2);
    await looks.end("a", { kind: "wait", untilMs: Date.now() + 10_000 });
    await vi.advanceTimersByTimeAsync(10_000);
    expect(looks.begun).toHaveLength(3);
  });

  test("an agent that another worker has is tried again in a second", async () => {
    scheduler.hint("a");
    await looks.end("a", { kind: "busy" });
    await vi.advanceTimersByTimeAsync(1_000);
    expect(looks.begun).toHaveLength(2);
  });

  test("a look that fails is tried again with growing pauses, for as long as it takes", async () => {
    scheduler.hint("a");
    for (const pauseMs of [1_000, 2_000, 4_000, 8_000, 15_000, 15_000]) {
      const before = looks.begun.length;
      looks.open.get("a")?.reject(new Error("no database"));
      await vi.advanceTimersByTimeAsync(pauseMs - 1);
      expect(looks.begun).toHaveLength(before);
      await vi.advanceTimersByTimeAsync(1);
      expect(looks.begun).toHaveLength(before + 1);
    }
  });

  test("no more looks at once than allowed; the others come in turn", async () => {
    const two = makeLooks(2);
    for (const agentId of ["a", "b", "c", "d"]) two.scheduler.hint(agentId);
    expect(two.begun).toEqual(["a", "b"]);
    await two.end("b", { kind: "settled" });
    expect(two.begun).toEqual(["a", "b", "c"]);
  });

  test("closing ends looks, waits for them and takes no more", async () => {
    scheduler.hint("a");
    const closed = scheduler.close();
    scheduler.hint("b");
    expect(looks.open.get("a")?.signal.aborted).toBe(true);
    looks.open.get("a")?.reject(new Error("stopped"));
    await closed;
    expect(looks.begun).toEqual(["a"]);
  });
});
