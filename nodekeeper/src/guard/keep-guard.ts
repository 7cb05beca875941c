import { setTimeout as sleep } from "node:timers/promises";
import type { GuardState } from "@automna/contract/nodekeeper";
import type { Clock } from "@automna/core/shared/clock";
import type { Logger } from "@automna/service-kit/log";
import { writeDurably } from "../files.ts";
import { ProgramError, run } from "../programs.ts";
import { closedRuleset, GUARD_TABLE, guardRuleset } from "./guard-ruleset.ts";
import type { GuardSettings } from "./guard-settings.ts";

export interface Guard {
  state: () => GuardState;
  /** Stops looking. The rules stay. */
  close: () => Promise<void>;
}

interface GuardOptions {
  settings: GuardSettings;
  checkMs: number;
  /** Where the ruleset is kept for the unit that loads it before Docker starts (infra/automna-node.service). */
  file: string;
  clock: Clock;
  log: Logger;
}

/**
 * Loads the guard and sees every `checkMs` that it is still what was loaded; what somebody changed is replaced. When it
 * can't be loaded nothing passes to or from agents, until it can.
 */
export async function keepGuard({ settings, checkMs, file, clock, log }: GuardOptions): Promise<Guard> {
  const wanted = guardRuleset(settings);
  const stopped = new AbortController();
  /** What nft lists after our own load. */
  let loaded: string | null = null;
  let state: GuardState = { state: "closed", checkedAtMs: null, repairs: 0, problem: "not loaded yet" };

  const load = async () => {
    await loadRuleset(wanted);
    loaded = await listGuard();
    await openBridge(settings.agentsBridge);
  };

  const look = async () => {
    try {
      const found = await listGuard();
      const wasClosed = state.state === "closed";
      if (wasClosed || found === null || found !== loaded) {
        await load();
        if (!wasClosed) {
          log.warn({ was: found === null ? "gone" : "changed" }, "the guard had been changed; it is back");
          state = { ...state, repairs: state.repairs + 1 };
        }
      }
      state = { ...state, state: "kept", checkedAtMs: clock(), problem: null };
    } catch (error) {
      const problem = error instanceof Error ? error.message : String(error);
      if (state.state !== "closed" || state.problem !== problem)
        log.error({ err: error }, "the guard can't be loaded; agents are cut off");
      state = { ...state, state: "closed", problem };
      await closeAll(settings, log);
    }
  };

  await look();
  if (state.state === "kept") await writeDurably(file, wanted);
  const watching = (async () => {
    while (!stopped.signal.aborted) {
      await sleep(checkMs, undefined, { signal: stopped.signal }).catch(() => undefined);
      if (!stopped.signal.aborted) await look();
    }
  })();

  return {
    state: () => state,
    async close() {
      stopped.abort();
      await watching;
    },
  };
}

async function loadRuleset(text: string): Promise<void> {
  await run("nft", ["-f", "-"], { input: text });
}

/** The table without counters and without what its dynamic sets hold now; null when there is none. */
async function listGuard(): Promise<string | null> {
  const tables = await run("nft", ["list", "tables", "inet"]);
  if (!tables.split("\n").includes(`table inet ${GUARD_TABLE}`)) return null;
  return run("nft", ["--stateless", "--terse", "list", "table", "inet", GUARD_TABLE]);
}

/** By rules if they can be loaded; else by taking the bridge down, which needs no netfilter. */
async function closeAll(settings: GuardSettings, log: Logger): Promise<void> {
  try {
    await loadRuleset(closedRuleset(settings));
  } catch (error) {
    log.error({ err: error }, "not even the closed guard can be loaded; the agents' bridge goes down");
    await setBridge(settings.agentsBridge, "down").catch((cause: unknown) => {
      // Without a bridge there is no agent to be cut off.
      if (!(cause instanceof ProgramError)) throw cause;
    });
  }
}

/** Undoes what `closeAll` may have done, also in an earlier life. */
async function openBridge(bridge: string): Promise<void> {
  await setBridge(bridge, "up").catch((error: unknown) => {
    if (!(error instanceof ProgramError)) throw error;
  });
}

async function setBridge(bridge: string, state: "up" | "down"): Promise<void> {
  await run("ip", ["link", "set", bridge, state]);
}
