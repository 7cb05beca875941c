import { setTimeout as sleep } from "node:timers/promises";
import type { ObservedAgentd } from "@automna/core/agents/observed-slot";
import { newsPollMs } from "@automna/core/agents/plan-common";
import type { AgentdAddress, AgentdClient } from "./agentd-client.ts";

/** A slot that boots, as it was seen last. */
export interface Boot {
  address: AgentdAddress;
  seen: ObservedAgentd;
  /** For how long it has been booting, ms. */
  waitedMs: number;
}

/** Resolves when agentd says something else than it was heard to say, or when `signal` is aborted. Never rejects. */
export type UntilNews = (boot: Boot, signal: AbortSignal) => Promise<void>;

/** Asks the slot's agentd and nobody else, so that waiting for many boots costs neither database nor engine. */
export function makeUntilNews(
  { observe }: Pick<AgentdClient, "observe">,
  pause: (ms: number, signal: AbortSignal) => Promise<unknown> = (ms, signal) => sleep(ms, undefined, { signal }),
): UntilNews {
  return async ({ address, seen, waitedMs }, signal) => {
    const startedAt = performance.now();
    try {
      for (let isNews = false; !isNews;) {
        await pause(newsPollMs(waitedMs + performance.now() - startedAt), signal);
        isNews = isOther(seen, await observe(address, signal));
      }
    } catch {
      // Aborted: somebody looks in full.
    }
  };
}

function isOther(seen: ObservedAgentd, now: ObservedAgentd): boolean {
  if (seen.kind === "silent" || now.kind === "silent") return seen.kind !== now.kind;
  return seen.agentId !== now.agentId || seen.claimHash !== now.claimHash || seen.gateway !== now.gateway;
}
