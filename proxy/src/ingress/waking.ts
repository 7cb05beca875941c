import { appError } from "@automna/contract/error-catalogue";
import { isAppError, type AppError } from "@automna/core/shared/app-error";
import { SECOND_MS, type Clock } from "@automna/core/shared/clock";
import { unavailable, wakingUp } from "./phase-answers.ts";
import { judgeRoute, type Backend, type Readiness } from "./route.ts";
import type { Routes } from "./routes.ts";
import { makeWaker, type WakeAgent } from "./waking-agents.ts";

/** A socket that waits for its agent, as its owner sees it. */
export interface Wait {
  /** Called once, and only if there is something to wait for. `cancel` ends the wait with this error. */
  onBegin: (cancel: (error: AppError) => void) => void;
}

export interface Waking {
  /** The backend at this moment. Throws what the caller gets instead; an agent that is asleep is woken. */
  find: (userId: string) => Backend | Promise<Backend>;
  /** The backend, as soon as there is one. Throws when it is not coming, not in time, or too many wait already. */
  hold: (userId: string, wait: Wait) => Promise<Backend>;
  /** What there is, without waking anybody. */
  look: (userId: string) => Promise<Readiness>;
  /** A user's route may have changed; null = any user's. */
  changed: (userId: string | null) => void;
  /** Sockets that wait at this moment. */
  waiting: () => number;
}

export interface WakingOptions {
  routes: Pick<Routes, "get" | "peek">;
  wakeAgent: WakeAgent;
  limits: WakingLimits;
  now: Clock;
}

export interface WakingLimits {
  /** A socket waits for its agent so long. */
  holdMs: number;
  /** So many sockets wait at a time, whoever's they are: each keeps a connection and what its client sent too early. */
  heldMax: number;
}

/** Looks again without a notification; one query per user and second, because the routes remember for so long. */
const LOOK_MS = SECOND_MS;

/** What happens to those who come while the agent doesn't answer (design, "Lifecycle"). */
export function makeWaking({ routes, wakeAgent, limits, now }: WakingOptions): Waking {
  const waker = makeWaker({ wakeAgent, now });
  const waiters = new Map<string, Set<() => void>>();
  let waiting = 0;

  const look = async (userId: string) => judgeRoute(await routes.get(userId));

  /** As look, and wakes. */
  const ready = async (userId: string): Promise<Readiness> => {
    const found = await look(userId);
    if (found.isReady) waker.seenUp(found.backend.agentId);
    if (found.isReady || found.outlook !== "asleep" || found.route === null) return found;
    const { agentId, phase } = found.route;
    const isComing = await waker.wake({ agentId, userId }).catch((error: unknown) => {
      throw unavailable(error);
    });
    return isComing ? { ...found, outlook: "coming", error: wakingUp(phase) } : found;
  };

  /** As ready, but a database that is away for a moment is worth waiting for too. */
  const readyOrLater = async (userId: string): Promise<Readiness> => {
    try {
      return await ready(userId);
    } catch (error) {
      if (!isAppError(error, "service_unavailable")) throw error;
      return { isReady: false, error, outlook: "coming", route: null };
    }
  };

  const nextChange = (userId: string, timeoutMs: number): { changed: Promise<void>; stop: () => void } => {
    const { promise, resolve } = Promise.withResolvers<void>();
    const timer = setTimeout(resolve, timeoutMs);
    const ofUser = waiters.get(userId) ?? new Set();
    waiters.set(userId, ofUser.add(resolve));
    const stop = () => {
      clearTimeout(timer);
      ofUser.delete(resolve);
      if (ofUser.size === 0) waiters.delete(userId);
    };
    return { changed: promise, stop };
  };

  const waitFor = async (userId: string, first: AppError, cancelled: Promise<never>): Promise<Backend> => {
    const untilMs = now() + limits.holdMs;
    let error = first;
    while (now() < untilMs) {
      const next = nextChange(userId, Math.min(LOOK_MS, untilMs - now()));
      try {
        await Promise.race([next.changed, cancelled]);
      } finally {
        next.stop();
      }
      const found = await Promise.race([readyOrLater(userId), cancelled]);
      if (found.isReady) return found.backend;
      if (found.outlook !== "coming") throw found.error;
      error = found.error;
    }
    throw error;
  };

  const findSlowly = async (userId: string): Promise<Backend> => {
    const found = await ready(userId);
    if (found.isReady) return found.backend;
    throw found.error;
  };

  return {
    look,
    waiting: () => waiting,
    find(userId) {
      const known = routes.peek(userId);
      // Nearly always: then a request waits for nothing.
      const judged = known === undefined ? null : judgeRoute(known);
      return judged?.isReady === true ? judged.backend : findSlowly(userId);
    },
    async hold(userId, { onBegin }) {
      const found = await readyOrLater(userId);
      if (found.isReady) return found.backend;
      if (found.outlook !== "coming") throw found.error;
      if (waiting >= limits.heldMax) throw appError("service_unavailable", { details: { retryAfterS: 5 } });
      const { promise: cancelled, reject: cancel } = Promise.withResolvers<never>();
      // Cancelled between two waits it has no listener, and is heard at the next.
      cancelled.catch(() => undefined);
      waiting += 1;
      try {
        onBegin(cancel);
        return await waitFor(userId, found.error, cancelled);
      } finally {
        waiting -= 1;
      }
    },
    changed(userId) {
      const concerned = userId === null ? [...waiters.values()] : [waiters.get(userId)];
      for (const ofUser of concerned) for (const wakeUp of ofUser ?? []) wakeUp();
    },
  };
}
