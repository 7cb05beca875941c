import type { ObservedAgentd } from "@automna/core/agents/observed-slot";
import { expect, test } from "vitest";
import { makeUntilNews } from "./boot-news.ts";

const address = { slotId: "slt_1", host: "127.0.0.1", port: 1, controlKey: "k" };
const silent: ObservedAgentd = { kind: "silent" };
const answering = (gateway: "starting" | "ready"): ObservedAgentd => ({
  kind: "answering",
  agentId: "agt_1",
  claimHash: "h",
  gateway,
});

/** Waits for news from an agentd that says one thing after the other; answers the pauses that were made. */
async function pausesUntilNews(
  boot: { seen: ObservedAgentd; waitedMs?: number },
  answers: ObservedAgentd[],
  signal = new AbortController().signal,
): Promise<number[]> {
  const pauses: number[] = [];
  let asked = 0;
  const untilNews = makeUntilNews({ observe: async () => answers[asked++] ?? answering("ready") }, async (ms) => {
    signal.throwIfAborted();
    pauses.push(Math.floor(ms / 10) * 10);
  });
  await untilNews({ address, waitedMs: 0, ...boot }, signal);
  return pauses;
}

test("the first answer of a slot that was silent is news", async () => {
  expect(await pausesUntilNews({ seen: silent }, [silent, silent, answering("starting")])).toEqual([100, 100, 100]);
});

test("what the gateway does is news when it is something else", async () => {
  const seen = answering("starting");
  expect(await pausesUntilNews({ seen }, [seen, answering("ready")])).toEqual([100, 100]);
  expect(await pausesUntilNews({ seen }, [silent])).toEqual([100]);
});

test("a slot that has been booting for long is asked less often", async () => {
  expect(await pausesUntilNews({ seen: silent, waitedMs: 4_000 }, [silent])).toEqual([500, 500]);
  expect(await pausesUntilNews({ seen: silent, waitedMs: 60_000 }, [silent])).toEqual([1_000, 1_000]);
});

test("nobody is asked any more once somebody looks in full", async () => {
  expect(await pausesUntilNews({ seen: silent }, [silent], AbortSignal.abort())).toEqual([]);
});
