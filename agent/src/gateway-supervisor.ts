import { randomBytes } from "node:crypto";
import { setTimeout as sleep } from "node:timers/promises";
import type { ClaimRequest } from "@automna/contract/agentd";
import type { GatewayState } from "@automna/core/agents/observed-slot";
import type { Clock } from "@automna/core/shared/clock";
import type { Logger } from "@automna/service-kit/log";
import { isClaim, needsNewProcess, type GatewayWish } from "./claim.ts";
import type { GatewayAddress } from "./gateway-client.ts";
import { describeExit, type GatewayExit } from "./gateway-exit.ts";
import type { GatewayProcess } from "./gateway-process.ts";
import { planRestart, recentCrashes, type Crash } from "./restart-policy.ts";

export interface GatewayFacts {
  state: GatewayState;
  sinceMs: number;
  restarts: number;
  lastExit: string | null;
  bootMs: number | null;
  pid: number | null;
}

export interface SupervisorDeps {
  now: Clock;
  log: Logger;
  /** Ends what an earlier agentd left running on this volume. */
  sweep(): Promise<unknown>;
  findPort(): Promise<number>;
  configure(wish: GatewayWish, address: GatewayAddress): Promise<void>;
  start(wish: GatewayWish): Promise<GatewayProcess>;
  waitUntilReady(address: GatewayAddress, signal: AbortSignal): Promise<void>;
  waitUntilSilent(address: GatewayAddress, signal: AbortSignal): Promise<void>;
  /** Name and personality into the workspace; before the gateway counts as ready. */
  applyPersonality(claim: ClaimRequest, address: GatewayAddress): Promise<void>;
}

export interface GatewaySupervisor {
  /** Runs the gateway for this claim, or for nobody yet, from now on, without waiting for it. */
  run(wish: GatewayWish): void;
  /**
   * A later claim of the same agent, or the first for a gateway that was nobody's: applied live, or by a restart when
   * the process has to change.
   */
  update(wish: GatewayWish): Promise<void>;
  facts(): GatewayFacts;
  /** Where the gateway answers, or null while it is not ready. */
  address(): GatewayAddress | null;
  /** Stops it for good and waits until nothing of it runs. */
  stop(): Promise<void>;
}

const RECONFIGURED = "stopped for a new configuration";

/** Keeps one gateway running for a slot that is somebody's or soon will be: start, watch, start again with back-off. */
export function makeGatewaySupervisor(deps: SupervisorDeps): GatewaySupervisor {
  let wish: GatewayWish | null = null;
  let facts: GatewayFacts = {
    state: "unclaimed",
    sinceMs: deps.now(),
    restarts: 0,
    lastExit: null,
    bootMs: null,
    pid: null,
  };
  let address: GatewayAddress | null = null;
  let current: GatewayProcess | null = null;
  let crashes: Crash[] = [];
  let hasWorked = false;
  let loop: Promise<void> | null = null;
  const stopping = new AbortController();

  const move = (state: GatewayState, more: Partial<GatewayFacts> = {}) => {
    facts = { ...facts, ...more, state, sinceMs: state === facts.state ? facts.sinceMs : deps.now() };
  };

  const wanted = (): GatewayWish => {
    if (wish === null) throw new Error("the gateway was started without a wish");
    return wish;
  };
  /** A gateway of nobody has no name to learn. */
  const introduce = async (to: GatewayWish, at: GatewayAddress) => {
    if (isClaim(to)) await deps.applyPersonality(to, at);
  };

  /** One life of the gateway, from configuration to exit; returns how it ended. */
  async function live(runsFor: GatewayWish): Promise<GatewayExit> {
    const startedMs = deps.now();
    const next: GatewayAddress = {
      port: await deps.findPort(),
      gateHeader: `x-automna-gate-${randomBytes(16).toString("hex")}`,
    };
    await deps.configure(runsFor, next);
    const gateway = await deps.start(runsFor);
    current = gateway;
    move(facts.state, { pid: gateway.pid });
    if (stopping.signal.aborted) return gateway.stop("stopped with agentd");
    if (needsNewProcess(runsFor, wanted())) return gateway.stop(RECONFIGURED, 0);
    const over = new AbortController();
    const noteEnd = async () => {
      await gateway.ended;
      address = null;
      if (facts.state === "ready") move("starting");
      over.abort();
    };
    void noteEnd();
    try {
      await deps.waitUntilReady(next, over.signal);
      // Claimed meanwhile: that one's name is what has to be there before it counts as ready.
      for (let known: GatewayWish | null = null; known !== wanted();) await introduce((known = wanted()), next);
      if (over.signal.aborted) return await gateway.exited;
      address = next;
      hasWorked = true;
      move("ready", { bootMs: deps.now() - startedMs });
      deps.log.info({ bootMs: facts.bootMs, pid: gateway.pid, port: next.port }, "gateway ready");
      await deps.waitUntilSilent(next, over.signal);
      deps.log.error("gateway does not answer any more, ending it");
      await gateway.stop("stopped answering", 0);
    } catch (error) {
      if (!over.signal.aborted) {
        deps.log.error({ err: error }, "gateway did not get ready, ending it");
        await gateway.stop("did not get ready", 0);
      }
    } finally {
      address = null;
    }
    return await gateway.exited;
  }

  async function keepRunning(): Promise<void> {
    while (!stopping.signal.aborted) {
      let exit: GatewayExit;
      try {
        hasWorked = false;
        await deps.sweep();
        exit = await live(wanted());
      } catch (error) {
        deps.log.error({ err: error }, "gateway could not be started");
        exit = { code: null, signal: null, cause: "could not be started" };
      }
      current = null;
      if (stopping.signal.aborted) return;
      const lastExit = describeExit(exit);
      if (exit.cause === RECONFIGURED) {
        move("starting", { lastExit, pid: null });
        continue;
      }
      const now = deps.now();
      crashes = [...recentCrashes(crashes, now), { atMs: now, wasReady: hasWorked }];
      const plan = planRestart(crashes, now);
      move(plan.state, { lastExit, pid: null, restarts: facts.restarts + 1 });
      deps.log.warn({ lastExit, ...plan }, "gateway ended, starting it again");
      await sleep(plan.delayMs, undefined, { signal: stopping.signal }).catch(() => undefined);
    }
  }

  return {
    run(first) {
      wish = first;
      move("starting");
      loop ??= keepRunning();
    },
    async update(next) {
      const isNewProcess = wish !== null && needsNewProcess(wish, next);
      wish = next;
      if (!isNewProcess) {
        if (address !== null) await introduce(next, address);
        return;
      }
      address = null;
      move("starting");
      // Not awaited: the caller watches the status; keepRunning goes on when the process has ended.
      current
        ?.stop(RECONFIGURED)
        .catch((error: unknown) => deps.log.error({ err: error }, "gateway could not be ended"));
    },
    facts: () => facts,
    address: () => address,
    async stop() {
      stopping.abort();
      address = null;
      await current?.stop("stopped with agentd");
      await loop;
      move("stopped", { pid: null });
    },
  };
}
