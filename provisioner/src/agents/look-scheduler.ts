import type { Clock } from "@automna/core/shared/clock";
import type { Logger } from "@automna/service-kit/log";
import type { Boot, UntilNews } from "./boot-news.ts";
import type { ReconcileAgent, ReconcileOutcome } from "./reconcile-agent.ts";

export interface LookSchedulerOptions {
  look: ReconcileAgent;
  /** Ends the wait for a slot that boots before its time. */
  untilNews: UntilNews;
  /** Looks at the same time, over all agents. */
  concurrency: number;
  clock: Clock;
  log: Logger;
}

export interface LookScheduler {
  /** Looks at the agent now, or again as soon as the look that is under way has ended: no hint is lost. */
  hint: (agentId: string) => void;
  /** True while a look is queued or under way, or set for a time at most `ms` from now. */
  isDueWithin: (agentId: string, ms: number) => boolean;
  /** Ends looks between two steps, waits for them, and takes no more. */
  close: () => Promise<void>;
}

const BUSY_RETRY_MS = 1_000;
const FIRST_ERROR_RETRY_MS = 1_000;
const MAX_ERROR_RETRY_MS = 15_000;
/** Node fires timers above 2^31 ms at once. */
const MAX_TIMER_MS = 3_600_000;

interface Look {
  state: "queued" | "running" | "timed";
  /** A hint came while it was running. */
  again: boolean;
  timer: NodeJS.Timeout | null;
  /** While it listens for news of a boot: ends that. */
  listening: AbortController | null;
  /** When the timer ends. */
  dueAtMs: number;
  /** Looks that threw in a row. */
  errors: number;
}

/**
 * Decides when agents are looked at: at most one look per agent, `concurrency` in all. It lives in memory: what is
 * lost with the process is found again by the sweep (design D1).
 */
export function makeLookScheduler({ look, untilNews, concurrency, clock, log }: LookSchedulerOptions): LookScheduler {
  const looks = new Map<string, Look>();
  const queue: string[] = [];
  const running = new Map<string, Promise<void>>();
  const closing = new AbortController();

  const enqueue = (agentId: string, entry: Look) => {
    if (entry.timer !== null) clearTimeout(entry.timer);
    entry.timer = null;
    entry.listening?.abort();
    entry.listening = null;
    entry.state = "queued";
    queue.push(agentId);
    pump();
  };

  const pump = () => {
    while (running.size < concurrency && !closing.signal.aborted) {
      const agentId = queue.shift();
      if (agentId === undefined) return;
      running.set(agentId, runLook(agentId));
    }
  };

  const runLook = async (agentId: string) => {
    const entry = looks.get(agentId);
    if (entry === undefined) return;
    entry.state = "running";
    entry.again = false;
    let next: NextLook;
    try {
      next = nextAfter(await look(agentId, closing.signal), clock());
      entry.errors = 0;
    } catch (error) {
      entry.errors += 1;
      const retryInMs = Math.min(FIRST_ERROR_RETRY_MS * 2 ** (entry.errors - 1), MAX_ERROR_RETRY_MS);
      next = { inMs: retryInMs };
      if (!closing.signal.aborted) log.error({ err: error, agentId, retryInMs }, "a look at an agent failed");
    }
    running.delete(agentId);
    if (closing.signal.aborted) return;
    schedule(agentId, entry, next);
    pump();
  };

  const schedule = (agentId: string, entry: Look, { inMs, boot }: NextLook) => {
    if (entry.again) enqueue(agentId, entry);
    else if (inMs === null) looks.delete(agentId);
    else {
      entry.state = "timed";
      entry.dueAtMs = clock() + inMs;
      entry.timer = setTimeout(() => enqueue(agentId, entry), Math.min(inMs, MAX_TIMER_MS));
      if (boot !== undefined) void listen(agentId, entry, boot);
    }
  };

  const listen = async (agentId: string, entry: Look, boot: Boot) => {
    const listening = new AbortController();
    entry.listening = listening;
    await untilNews(boot, listening.signal);
    if (!listening.signal.aborted && entry.state === "timed") enqueue(agentId, entry);
  };

  return {
    hint(agentId) {
      if (closing.signal.aborted) return;
      const entry = looks.get(agentId);
      if (entry === undefined) {
        const fresh: Look = { state: "queued", again: false, timer: null, dueAtMs: 0, errors: 0, listening: null };
        looks.set(agentId, fresh);
        enqueue(agentId, fresh);
      } else if (entry.state === "running") entry.again = true;
      else if (entry.state === "timed") enqueue(agentId, entry);
    },
    isDueWithin(agentId, ms) {
      const entry = looks.get(agentId);
      return entry !== undefined && (entry.state !== "timed" || entry.dueAtMs - clock() <= ms);
    },
    async close() {
      closing.abort(new Error("the provisioner stops"));
      for (const { timer, listening } of looks.values()) {
        if (timer !== null) clearTimeout(timer);
        listening?.abort();
      }
      await Promise.all(running.values());
    },
  };
}

interface NextLook {
  /** Null = until somebody hints. */
  inMs: number | null;
  /** What may be over before. */
  boot?: Boot | undefined;
}

function nextAfter(outcome: ReconcileOutcome, now: number): NextLook {
  switch (outcome.kind) {
    case "settled":
      return { inMs: null };
    case "busy":
      return { inMs: BUSY_RETRY_MS };
    case "wait":
      return { inMs: Math.max(0, outcome.untilMs - now), boot: outcome.boot };
  }
}
