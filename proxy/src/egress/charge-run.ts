import { setTimeout as sleep } from "node:timers/promises";
import { errorCatalogue } from "@automna/contract/error-catalogue";
import { finalRunPrice, runLimits, type MeteringRule, type RunStep } from "@automna/core/credits/meter-message";
import type { EntryFacts, LedgerOperation, OperationOutcome } from "@automna/core/credits/operations";
import { MINUTE_MS, SECOND_MS, type Clock } from "@automna/core/shared/clock";
import { unreachable } from "@automna/core/shared/unreachable";
import { isDatabaseAway } from "@automna/records/database-errors";
import { LRUCache } from "lru-cache";
import { modelRefused, ProviderError } from "./provider-error.ts";

export interface RunChargerOptions {
  /** records/credits/operation-batcher: posts in order per customer. */
  post: (operation: LedgerOperation) => Promise<OperationOutcome>;
  rule: MeteringRule;
  now: Clock;
}

export interface RunWish {
  userId: string;
  agentId: string;
  runId: string;
  callId: string;
  steps: readonly RunStep[];
}

/** What came of a call, for its charge. */
export interface CallResult {
  /** An answer began: what was held is taken. */
  hasBegun: boolean;
  costMicroDollars: number;
  facts: EntryFacts;
}

/** One call's part in its run. */
export interface RunCharge {
  /** The run as it is charged: one that goes on for too long is several. */
  runId: string;
  /** Takes what was held, or gives it back when no call of the run was answered. Answers the credits that this call took. */
  settle: (result: CallResult) => Promise<number>;
}

export interface RunCharger {
  /** Holds what the run has not paid yet. Throws the refusal `credits_exhausted`. */
  begin: (wish: RunWish) => Promise<RunCharge>;
  /** True when the run's base has been paid, as far as this process knows. */
  isPaid: (agentId: string, runId: string) => boolean;
}

interface Step extends RunStep {
  key: string;
  /** Calls that go out on this hold. */
  calls: number;
  held: Promise<void>;
  isPaid: boolean;
}

interface Run {
  id: string;
  beganAtMs: number;
  calls: number;
  part: number;
  steps: Map<RunStep["name"], Step>;
  costMicroDollars: number;
  /** Charged beyond the steps (cost-floor). */
  extraCredits: number;
}

const RUNS_MAX = 50_000;
const HOLD_WAIT_MS = 5 * SECOND_MS;
/** Longer than any answer. What is captured later than that is charged all the same. */
const HOLD_MS = 15 * MINUTE_MS;

/**
 * Charges runs: a step is held before the first call that needs it goes out, shared by the calls beside it, taken when one of
 * them is answered and given back when none is. Its ledger key names agent, run and step, and a hold that was given back
 * opens again under the same key: several processes, a restart and any repetition charge it once (core/apply-operation).
 */
export function makeRunCharger({ post, rule, now }: RunChargerOptions): RunCharger {
  const runs = new LRUCache<string, Run>({ max: RUNS_MAX });

  const findRun = (agentId: string, runId: string): Run => {
    const name = `${agentId}:${runId}`;
    const known = runs.get(name);
    const isOver = known !== undefined && (known.calls >= runLimits.calls || now() - known.beganAtMs >= runLimits.ms);
    if (known !== undefined && !isOver) return known;
    const part = (known?.part ?? 0) + 1;
    const run: Run = {
      // A dot is in no run's own name.
      id: part === 1 ? runId : `${runId}.${part}`,
      beganAtMs: now(),
      calls: 0,
      part,
      steps: new Map(),
      costMicroDollars: 0,
      extraCredits: 0,
    };
    runs.set(name, run);
    return run;
  };

  const hold = async ({ userId, runId }: RunWish, { key, credits, resource }: Step): Promise<void> => {
    const operation = { type: "hold", userId, key, credits, resource, canReopen: true } as const;
    const expiresAtMs = now() + HOLD_MS;
    const outcome = await inTime(post({ ...operation, expiresAtMs, facts: { run: runId } }));
    if (outcome.outcome === "refused") throw modelRefused("credits_exhausted");
    assertPosted(outcome, key);
  };

  const join = (wish: RunWish, run: Run, wanted: RunStep): Step => {
    const known = run.steps.get(wanted.name);
    if (known !== undefined) {
      known.calls += 1;
      return known;
    }
    const key = `run:${wish.agentId}:${run.id}:${wanted.name}`;
    const step: Step = { ...wanted, key, calls: 1, isPaid: false, held: Promise.resolve() };
    run.steps.set(wanted.name, step);
    step.held = hold(wish, step);
    // Heard by each call that waits for it; the one that leaves early must not make it an unhandled rejection.
    step.held.catch(() => undefined);
    return step;
  };

  /** The call leaves the step; the last one to leave gives back what nobody used. */
  const leave = async ({ userId }: RunWish, run: Run, step: Step, isHeld: boolean): Promise<void> => {
    step.calls -= 1;
    if (step.calls > 0 || step.isPaid) return;
    if (run.steps.get(step.name) === step) run.steps.delete(step.name);
    if (isHeld) await post({ type: "release", userId, key: step.key });
  };

  const take = async ({ userId }: RunWish, step: Step, facts: EntryFacts): Promise<number> => {
    step.isPaid = true;
    const outcome = await post({ type: "capture", userId, key: step.key, credits: step.credits, facts });
    assertPosted(outcome, step.key);
    return outcome.isReplay ? 0 : step.credits;
  };

  /** With a cost floor: what the run has cost by now beyond what it has paid. */
  const takeExtra = async (wish: RunWish, run: Run, { costMicroDollars, facts }: CallResult): Promise<number> => {
    run.costMicroDollars += costMicroDollars;
    const price = [...run.steps.values()].reduce((sum, { isPaid, credits }) => sum + (isPaid ? credits : 0), 0);
    const extra = finalRunPrice(price, { rule, costMicroDollars: run.costMicroDollars }) - price - run.extraCredits;
    if (extra <= 0) return 0;
    run.extraCredits += extra;
    const key = `run:${wish.agentId}:${run.id}:cost:${wish.callId}`;
    const charge = { type: "charge", userId: wish.userId, key, credits: extra, resource: "ai_message_cost" } as const;
    assertPosted(await post({ ...charge, isOwed: true, facts }), key);
    return extra;
  };

  return {
    isPaid: (agentId, runId) => runs.get(`${agentId}:${runId}`)?.steps.get("base")?.isPaid === true,
    async begin(wish) {
      const run = findRun(wish.agentId, wish.runId);
      run.calls += 1;
      const joined = wish.steps.map((wanted) => join(wish, run, wanted));
      const holds = await Promise.allSettled(joined.map(({ held }) => held));
      const failed = holds.find((one) => one.status === "rejected");
      if (failed !== undefined) {
        await Promise.all(joined.map((step, index) => leave(wish, run, step, holds[index]?.status === "fulfilled")));
        throw failed.reason;
      }
      return {
        runId: run.id,
        async settle(result) {
          const isDue = result.hasBegun && joined.length > 0;
          const taken = isDue
            ? await Promise.all(joined.filter(({ isPaid }) => !isPaid).map((step) => take(wish, step, result.facts)))
            : [];
          const extra = isDue ? await takeExtra(wish, run, result) : 0;
          await Promise.all(joined.map((step) => leave(wish, run, step, true)));
          return taken.reduce((sum, credits) => sum + credits, extra);
        },
      };
    },
  };
}

/** The ledger keeps trying while the database is away; a caller who waits for an answer does not. What is held late expires. */
async function inTime<Value>(held: Promise<Value>): Promise<Value> {
  const late = new AbortController();
  const timeout = sleep(HOLD_WAIT_MS, null, { signal: late.signal, ref: false }).catch(() => null);
  try {
    const value = await Promise.race([held, timeout]);
    if (value !== null) return value;
  } catch (error) {
    if (!isDatabaseAway(error)) throw error;
  } finally {
    late.abort();
  }
  throw new ProviderError("overloaded_error", errorCatalogue.service_unavailable.message);
}

function assertPosted(
  outcome: OperationOutcome,
  key: string,
): asserts outcome is Extract<OperationOutcome, { outcome: "posted" }> {
  switch (outcome.outcome) {
    case "posted":
      return;
    case "refused":
      throw new Error(`${key} was refused although nothing may refuse it`);
    case "conflict":
      throw new Error(`${key} does not fit the ledger: ${outcome.reason}`);
    default:
      unreachable(outcome);
  }
}
