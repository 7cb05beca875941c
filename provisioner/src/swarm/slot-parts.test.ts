import { expect, test } from "vitest";
import { makeSlotParts } from "./slot-parts.ts";
import type { SwarmEngine } from "./swarm-engine.ts";

const settings = { installId: "i", network: "n", egressUrls: [], dns: [], logLevel: "info" };

/** A Swarm that forgets a task after it was asked for it so many times. */
function leavingSwarm(looksUntilForgotten: number) {
  const calls: string[] = [];
  let looks = 0;
  const engine = {
    findService: async () => ({ id: "s1", labels: { "automna.install": "i", "automna.slot": "slt_1" } }),
    async listTasksOf() {
      looks += 1;
      calls.push("tasks");
      return looks > looksUntilForgotten ? [] : [{ state: "shutdown", isLeaving: true }];
    },
    removeService: async () => void calls.push("remove"),
  } as unknown as SwarmEngine;
  return { parts: makeSlotParts(engine, settings), calls };
}

test("a service that was scaled down is removed once Swarm has forgotten its task: sooner its manager crashes", async () => {
  const { parts, calls } = leavingSwarm(2);
  await parts.removeService("slt_1", new AbortController().signal);
  expect(calls).toEqual(["tasks", "tasks", "tasks", "remove"]);
});

test("nothing is removed by a worker that was overtaken while it waited", async () => {
  const { parts, calls } = leavingSwarm(1_000);
  const overtaken = new AbortController();
  const removed = parts.removeService("slt_1", overtaken.signal);
  overtaken.abort(new Error("the lease is lost"));
  await expect(removed).rejects.toThrow("the lease is lost");
  expect(calls).not.toContain("remove");
});
