import type { Random } from "../harness/random.ts";
import type { Directive } from "./directives.ts";
import type { PlannedCall } from "./make-call.ts";
import type { Customer } from "./world.ts";

/** What becomes of a call; the shares are those of a bad day. */
const fates = ["fine", "fine", "fine", "fine", "fine", "leaves-amid", "leaves-before", "fails", "cut"] as const;
type Fate = (typeof fates)[number];
const errors = ["overloaded_error", "api_error", "rate_limit_error", "invalid_request_error"] as const;
const plainModels = ["claude-sonnet-4-5", "claude-sonnet-5", "claude-haiku-4-5"] as const;

/** One message of a customer: the calls that its run makes, one after another or at once. */
export interface PlannedRun {
  calls: PlannedCall[];
  isParallel: boolean;
}

/** Runs of one to four calls, `count` calls in all, over these customers. */
export function planRuns(random: Random, customers: readonly Customer[], count: number): PlannedRun[] {
  const runs: PlannedRun[] = [];
  for (let planned = 0; planned < count;) {
    const customer = random.pick(customers);
    const run = `run-${runs.length}-${random.hex(8)}`;
    const size = Math.min(random.integer(1, 4), count - planned);
    const calls = Array.from({ length: size }, () => planCall(random, { customer, run }));
    // Each run is followed by its recap now and then, as OpenClaw does it.
    const last = calls.at(-1);
    if (last !== undefined && size > 1 && random.number() < 0.3) calls[size - 1] = toRecap(last);
    runs.push({ calls, isParallel: random.number() < 0.4 });
    planned += size;
  }
  return runs;
}

function planCall(random: Random, { customer, run }: { customer: Customer; run: string }): PlannedCall {
  const fate = random.pick(fates);
  const isDeep = random.number() < 0.25;
  const isStream = fate === "leaves-amid" || fate === "cut" || random.number() < 0.7;
  return {
    customer,
    run,
    model: isDeep ? "claude-opus-4-8" : random.pick(plainModels),
    isStream,
    hasThinking: random.number() < 0.15,
    isUtility: false,
    leaves: fate === "leaves-amid" ? "amid" : fate === "leaves-before" ? "before" : null,
    directive: { userId: customer.userId, run, nonce: random.hex(12), ...howToAnswer(random, fate) },
  };
}

function howToAnswer(random: Random, fate: Fate): Partial<Directive> {
  const cache = { cacheRead: random.integer(0, 5_000), cacheWrite: random.integer(0, 500) };
  switch (fate) {
    case "fine":
      return { ...cache, delayMs: random.integer(0, 30) };
    case "leaves-amid":
      return { ...cache, text: "word ".repeat(200), chunkMs: 10 };
    case "leaves-before":
      return { ...cache, delayMs: 2_000 };
    case "fails":
      return { error: random.pick(errors), delayMs: random.integer(0, 20) };
    case "cut":
      return { ...cache, text: "word ".repeat(50), chunkMs: 5, cutAfter: random.integer(3, 20) };
  }
}

/** The recap that follows a run: the small model, few tokens, no tools; and it works. */
function toRecap(call: PlannedCall): PlannedCall {
  const { userId, run, nonce } = call.directive;
  return {
    ...call,
    model: "claude-haiku-4-5",
    hasThinking: false,
    isUtility: true,
    leaves: null,
    directive: { userId, run, nonce },
  };
}
