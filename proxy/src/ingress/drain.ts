import { setTimeout as sleep } from "node:timers/promises";
import type { Clock } from "@automna/core/shared/clock";
import type { Held, HeldConnections } from "./held-connections.ts";

export interface DrainTimes {
  /** All of it, ms: what is still under way then is cut. */
  timeoutMs: number;
  /** First part of it, ms: connections are still taken, while those who send them learn that they should go elsewhere. */
  noticeMs: number;
}

export interface DrainDeps {
  held: Pick<HeldConnections, "sockets" | "size" | "endAll">;
  /** From now on the process says that it is leaving: readiness, and `connection: close` in answers. */
  announce: () => void;
  /** Takes no more connections and no more sockets. */
  stopListening: () => void;
  /** Closes connections that carry nothing. */
  closeIdle: () => void;
  now: Clock;
}

/** Clients that are told at once come back at once: so many per second are told, unless the deadline is nearer. */
const TOLD_PER_S = 100;
const TICK_MS = 20;

/** How long telling `count` sockets takes: by rate, but never more than half of the time that is left. */
export function spreadMs(count: number, leftMs: number): number {
  return Math.min((count / TOLD_PER_S) * 1_000, leftMs / 2);
}

/** How many of `count` should have been told by now. */
export function dueCount(count: number, elapsedMs: number, spanMs: number): number {
  return spanMs <= 0 ? count : Math.min(count, Math.floor((count * elapsedMs) / spanMs) + 1);
}

/**
 * A process leaves (deploy): it says so first, then new connections are for others; what is under way ends by itself,
 * sockets are told to connect again, one after the other and between messages, and at the deadline the rest is cut.
 */
export async function drain(deps: DrainDeps, { timeoutMs, noticeMs }: DrainTimes): Promise<void> {
  const { held, now } = deps;
  const untilMs = now() + timeoutMs;
  deps.announce();
  if (noticeMs > 0) await sleep(Math.min(noticeMs, timeoutMs));
  deps.stopListening();
  const startedAtMs = now();
  const told = new Set<Held>();
  const first = held.sockets().length;
  const spanMs = spreadMs(first, untilMs - startedAtMs);
  while (held.size() > 0 && now() < untilMs) {
    const waiting = held.sockets().filter((one) => !told.has(one));
    const elapsedMs = now() - startedAtMs;
    // Upgrades that were under way when it began come on top; they are told at once, having nothing to lose.
    const due = dueCount(Math.max(first, told.size + waiting.length), elapsedMs, spanMs) - told.size;
    for (const one of waiting.filter(({ canEndCleanly }) => canEndCleanly?.() ?? true).slice(0, due)) {
      told.add(one);
      one.end("draining");
    }
    deps.closeIdle();
    await sleep(TICK_MS);
  }
  held.endAll("draining");
}
