import { fork } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { request, type Dispatcher } from "undici";
import type { ScenarioContext } from "../harness/scenario.ts";
import { NOBODY } from "./directives.ts";
import { makeCall, toBody, type PlannedCall } from "./make-call.ts";
import type { Customer, World } from "./world.ts";

const CEILING = 1.25;
const MODEL_MS = 100;
/** Of the best round of the bare pass-through. */
const STEADY = 1.1;
const sides = ["bare", "egress"] as const;
type Side = (typeof sides)[number];
/** A long conversation with its system prompt: what OpenClaw sends each time. */
const PADDING = "x".repeat(60_000);

/** A model whose first byte takes 100 ms: how much later it comes through egress than through nothing but undici. */
export async function measureFirstByte(
  ctx: ScenarioContext,
  world: World,
  { url, dispatcher }: { url: string; dispatcher: Dispatcher },
): Promise<void> {
  const passThrough = await startPassThrough(ctx, world.fake.url);
  const customer = await world.addCustomer();
  const rounds = ctx.isQuick ? 5 : 9;
  const perRound = ctx.isQuick ? 8 : 20;
  const callers: Record<Side, () => Promise<number>> = {
    bare: () => bare(ctx, world, { url: passThrough, customer, dispatcher }),
    egress: () => through(ctx, customer, { url, dispatcher }),
  };
  await playRound(ctx, callers, 5);
  const played: Record<Side, number>[] = [];
  // A round in which the bare pass-through was late as well says something of the machine: it is repeated.
  const steady = () => {
    const best = Math.min(...played.map((round) => round.bare));
    return played.filter((round) => round.bare <= best * STEADY);
  };
  while (played.length < rounds || (steady().length < rounds && played.length < 3 * rounds))
    played.push(await playRound(ctx, callers, perRound));
  const times = { bare: steady().map((round) => round.bare), egress: steady().map((round) => round.egress) };
  ctx.figure("rounds played", played.length, "");
  ctx.figure("rounds that were steady", times.bare.length, "");
  const ratio = median(times.egress) / median(times.bare);
  ctx.figure("first byte, bare pass-through, median of rounds", median(times.bare), "ms");
  ctx.figure("first byte, egress with hold and metering, median of rounds", median(times.egress), "ms");
  ctx.figure("spread of the rounds, bare", spread(times.bare), "%");
  ctx.figure("spread of the rounds, egress", spread(times.egress), "%");
  ctx.figure("first byte, egress ÷ bare", ratio, "×");
  ctx.hold(
    median(times.bare) >= MODEL_MS && ratio <= CEILING,
    `the first byte comes at most ${CEILING}× as late as through a bare pass-through`,
    ratio.toFixed(3),
  );
}

/** Both in turns, call by call, so that a slow moment of the machine meets both. Answers the medians. */
async function playRound(
  ctx: ScenarioContext,
  callers: Record<Side, () => Promise<number>>,
  count: number,
): Promise<Record<Side, number>> {
  const times: Record<Side, number[]> = { bare: [], egress: [] };
  for (let index = 0; index < count; index += 1) {
    for (const side of ctx.random.shuffle(sides)) {
      ctx.signal.throwIfAborted();
      times[side].push(await callers[side]());
    }
  }
  return { bare: median(times.bare), egress: median(times.egress) };
}

/** A call of a new run each time: the worst case, which waits for the ledger before it goes out. */
function plan(ctx: ScenarioContext, customer: Customer): PlannedCall {
  const run = `first-${ctx.random.hex(16)}`;
  const directive = { userId: customer.userId, run, nonce: ctx.random.hex(12), delayMs: MODEL_MS, padding: PADDING };
  return { customer, run, model: "claude-sonnet-5", ...streamed, directive };
}
const streamed = { isStream: true, hasThinking: false, isUtility: false, leaves: null } as const;

interface Through {
  url: string;
  dispatcher: Dispatcher;
}

async function through(ctx: ScenarioContext, customer: Customer, { url, dispatcher }: Through): Promise<number> {
  const made = await makeCall(url, plan(ctx, customer), dispatcher);
  if (made.firstByteMs === null) throw new Error(`egress answered ${made.status} ${made.transcript.slice(0, 300)}`);
  return made.firstByteMs;
}

async function bare(
  ctx: ScenarioContext,
  { ownKey }: World,
  { url, customer, dispatcher }: Through & { customer: Customer },
): Promise<number> {
  const call = plan(ctx, customer);
  const body = JSON.stringify(toBody({ ...call, directive: { ...call.directive, userId: NOBODY } }));
  const startedAt = performance.now();
  const answer = await request(`${url}/v1/messages`, {
    dispatcher,
    method: "POST",
    headers: { "content-type": "application/json", "anthropic-version": "2023-06-01", "x-api-key": ownKey },
    body,
  });
  let firstByteMs: number | null = null;
  for await (const _chunk of answer.body) firstByteMs ??= performance.now() - startedAt;
  if (firstByteMs === null) throw new Error(`the pass-through answered ${answer.statusCode}`);
  return firstByteMs;
}

async function startPassThrough(ctx: ScenarioContext, target: string): Promise<string> {
  const child = fork(join(import.meta.dirname, "pass-through.ts"), [target], { execArgv: [] });
  ctx.onCleanup("end the pass-through", () => child.kill("SIGKILL"));
  const [port] = (await once(child, "message")) as [number];
  return `http://127.0.0.1:${port}`;
}

function median(values: readonly number[]): number {
  const sorted = values.toSorted((one, other) => one - other);
  const middle = (sorted.length - 1) / 2;
  return ((sorted[Math.floor(middle)] ?? Number.NaN) + (sorted[Math.ceil(middle)] ?? Number.NaN)) / 2;
}

function spread(values: readonly number[]): number {
  return ((Math.max(...values) - Math.min(...values)) / median(values)) * 100;
}
