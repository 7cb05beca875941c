import cluster, { type Worker } from "node:cluster";
import { once } from "node:events";
import { setTimeout as sleep } from "node:timers/promises";
import type { Clock } from "@automna/core/shared/clock";
import type { Logger } from "@automna/service-kit/log";
import { isReadyMessage, relay, tellGone, tellJoined } from "./relay.ts";
import { countEnds, isHopeless, restartDelayMs } from "./restart-policy.ts";

export interface FleetOptions {
  count: number;
  /** A worker that was told to stop is killed after so long, ms. */
  stopTimeoutMs: number;
  log: Logger;
  now: Clock;
}

export interface Fleet {
  /** Resolves when every worker has been ready; rejects when none can be. */
  ready: Promise<void>;
  /** Workers that serve. */
  serving: () => number;
  /** Rolling: for each worker a new one first, and when that is ready the old one leaves. */
  replaceAll: () => Promise<void>;
  /** Tells all to leave, and resolves when they have. */
  stop: () => Promise<void>;
}

interface Member {
  worker: Worker;
  ready: Promise<void>;
  /** With the time it was ready, ms; null = never. */
  ended: Promise<number | null>;
  isReady: boolean;
  isRetired: boolean;
}

/** Keeps `count` copies of this program running as workers that share its ports. */
export function startFleet({ count, stopTimeoutMs, log, now }: FleetOptions): Fleet {
  const members = new Set<Member>();
  const stopping = new AbortController();
  let wasEverReady = false;

  const launch = (): Member => {
    const worker = cluster.fork();
    const ready = Promise.withResolvers<void>();
    let readyAtMs: number | null = null;
    worker.on("message", (message: unknown) => {
      if (!isReadyMessage(message)) {
        relay(worker, message);
        return;
      }
      readyAtMs = now();
      member.isReady = true;
      wasEverReady = true;
      tellJoined(worker);
      ready.resolve();
    });
    const member: Member = {
      worker,
      ready: ready.promise,
      ended: once(worker, "exit").then(([code, signal]) => {
        members.delete(member);
        tellGone(worker);
        ready.reject(new Error(`a worker ended (${String(signal ?? code)}) before it was ready`));
        return readyAtMs === null ? null : now() - readyAtMs;
      }),
      isReady: false,
      isRetired: false,
    };
    ready.promise.catch(() => undefined);
    members.add(member);
    return member;
  };

  /** A place always has a worker, until it is given up. Resolves when its first worker is ready. */
  const openPlace = async (): Promise<void> => {
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    void (async () => {
      let ends = 0;
      while (!stopping.signal.aborted) {
        const member = launch();
        member.ready.then(resolve, () => undefined);
        const readyForMs = await member.ended;
        if (member.isRetired || stopping.signal.aborted) break;
        ends = countEnds(ends, readyForMs);
        if (isHopeless(ends, wasEverReady)) break;
        const delayMs = restartDelayMs(ends);
        log.error({ pid: member.worker.process.pid, ends, delayMs }, "a worker ended, starting another");
        await sleep(delayMs, undefined, { signal: stopping.signal }).catch(() => undefined);
      }
      reject(new Error("no worker got ready"));
    })();
    return promise;
  };

  const end = async ({ worker, ended }: Member, signal: "SIGTERM" | "SIGINT") => {
    worker.process.kill(signal);
    const timer = setTimeout(() => worker.process.kill("SIGKILL"), stopTimeoutMs);
    await ended;
    clearTimeout(timer);
  };

  return {
    ready: Promise.all(Array.from({ length: count }, openPlace)).then(() => undefined),
    serving: () => [...members].filter(({ isReady, isRetired }) => isReady && !isRetired).length,
    async replaceAll() {
      // The new ones are not to be replaced in turn.
      const before = [...members];
      for (const member of before) {
        if (stopping.signal.aborted || member.isRetired) continue;
        await openPlace();
        member.isRetired = true;
        // SIGINT, not SIGTERM: this process stays ready, and nobody has to be told to send connections elsewhere.
        await end(member, "SIGINT");
      }
    },
    async stop() {
      stopping.abort();
      await Promise.all([...members].map((member) => end(member, "SIGTERM")));
    },
  };
}
