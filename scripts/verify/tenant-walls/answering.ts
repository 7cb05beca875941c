import { setTimeout as sleep } from "node:timers/promises";
import type { ScenarioContext } from "../harness/scenario.ts";
import { identityProof } from "@automna/service-kit/slot-keys";
import { openChat, say } from "../steps/chat.ts";
import { keyOf, type Place, type Tenant } from "./place.ts";

const EVERY_MS = 250;
/** Two cores carry three engines, a whole product and its attackers; a wall that falls shows as no answer at all. */
const LONGEST_MS = 15_000;

/** Asks B's agent and the platform all the time that the attacks take. */
export interface Watch {
  /** Says how it went since the last time, under a name, once each has been asked. */
  report: (during: string) => Promise<void>;
  stop: () => Promise<void>;
}

export function watchAnswers(ctx: ScenarioContext, { neighbour, remote }: Place): Watch {
  const ended = new AbortController();
  const signal = AbortSignal.any([ctx.signal, ended.signal]);
  const askers = {
    "B's agent": () => proveItself(neighbour),
    "C's agent": () => proveItself(remote),
    "the platform": async () => {
      await neighbour.customer.refresh();
      if ((await neighbour.customer.agent())?.phase !== "ready") throw new Error("B's agent is not ready");
    },
  };
  const heard = Object.keys(askers).map((name) => ({ name, tookMs: [] as number[], failures: [] as string[] }));
  const loops = Object.values(askers).map(async (asker, index) => {
    while (!signal.aborted) {
      const startedAt = performance.now();
      const late = AbortSignal.timeout(LONGEST_MS);
      const failure = await Promise.race([
        asker().then(
          () => null,
          (error: unknown) => String(error),
        ),
        new Promise<string>((resolve) => late.addEventListener("abort", () => resolve("no answer"), { once: true })),
      ]);
      if (failure === null) heard[index]?.tookMs.push(performance.now() - startedAt);
      else if (!signal.aborted) heard[index]?.failures.push(failure);
      await sleep(EVERY_MS, undefined, { signal }).catch(() => undefined);
    }
  });
  return {
    async report(during) {
      while (heard.some(({ tookMs, failures }) => tookMs.length + failures.length === 0))
        await sleep(EVERY_MS, undefined, { signal });
      for (const each of heard) {
        const sorted = each.tookMs.splice(0).toSorted((a, b) => a - b);
        const failures = each.failures.splice(0);
        ctx.hold(
          sorted.length > 0 && failures.length === 0,
          `${each.name} answered all ${sorted.length} questions during ${during}`,
          failures.slice(0, 3),
        );
        ctx.figure(`ms, longest answer of ${each.name} during ${during}`, sorted.at(-1) ?? 0, "ms");
      }
    },
    async stop() {
      ended.abort();
      await Promise.all(loops);
    },
  };
}

/** From the proxy's place, with an answer that only this slot's agentd can give. */
async function proveItself(tenant: Tenant): Promise<void> {
  const { node, port, slotId, generation, agentId } = tenant;
  const nonce = Buffer.from(crypto.getRandomValues(new Uint8Array(16))).toString("hex");
  const answer = await fetch(`http://${node.address}:${port}/healthz?nonce=${nonce}`, {
    signal: AbortSignal.timeout(LONGEST_MS),
  });
  const proof = identityProof(keyOf(tenant, "proof"), nonce, slotId, generation, agentId);
  if (!(await answer.text()).includes(proof)) throw new Error("somebody else answers");
}

/** B's owner writes and is answered, through the edge. */
export async function assertChat(
  ctx: ScenarioContext,
  { installation, neighbour, attacker }: Place,
  after: string,
): Promise<void> {
  for (const [who, { customer }] of Object.entries({ B: neighbour, A: attacker })) {
    const chat = await openChat(ctx, customer);
    const { state, text } = await say(ctx, chat, `after ${after}: ${ctx.random.hex(8)}`);
    chat.close();
    ctx.hold(
      state === "final" && text.includes(installation.fake.nonce),
      `${who}'s owner is answered after ${after}`,
      text,
    );
  }
}
