import type { RecordedCall } from "@automna/testkit/fakes/anthropic";
import type { Pool } from "@automna/records/pool";
import type { ScenarioContext } from "../harness/scenario.ts";
import { NOBODY, readDirective } from "./directives.ts";
import type { Customer, World } from "./world.ts";

interface Tokens {
  input: number;
  output: number;
  cacheRead: number;
  cacheWrite: number;
}

/** What the server saw of one run: it has the last word on what was answered. */
interface ServedRun {
  userId: string;
  isAnswered: boolean;
  isDeep: boolean;
  /** Of calls that are no recap. */
  calls: number;
}

function metered(calls: readonly RecordedCall[]): RecordedCall[] {
  return calls.filter((call) => readDirective(call.prompt?.user ?? "")?.userId !== NOBODY);
}

interface Request {
  model: string;
  max_tokens: number;
  thinking?: unknown;
  tools?: unknown[];
}

/** The server's own count, from the requests that it got and what it answered. */
function countServed(calls: readonly RecordedCall[]): Map<string, ServedRun> {
  const runs = new Map<string, ServedRun>();
  for (const call of calls) {
    const directive = readDirective(call.prompt?.user ?? "");
    if (directive === null || call.told === null) continue;
    const body = JSON.parse(call.body) as Request;
    const isRecap = body.tools === undefined && body.max_tokens === 240;
    const name = `${directive.userId} ${directive.run}`;
    const known = runs.get(name);
    const run = known ?? { userId: directive.userId, isAnswered: false, isDeep: false, calls: 0 };
    runs.set(name, run);
    if (isRecap) continue;
    run.calls += 1;
    run.isAnswered = true;
    run.isDeep ||= body.model.includes("opus") || body.thinking !== undefined;
  }
  return runs;
}

/** Credits as the server would bill them: 1 for a message, 5 for one that took the dear class, none that was not answered. */
export function servedCredits(calls: readonly RecordedCall[]): Map<string, number> {
  const credits = new Map<string, number>();
  for (const { userId, isAnswered, isDeep } of countServed(calls).values())
    credits.set(userId, (credits.get(userId) ?? 0) + (isAnswered ? (isDeep ? 5 : 1) : 0));
  return credits;
}

/** Waits until nothing is held any more, then compares ledger and usage with what the server counted. */
export async function holdSameCount(ctx: ScenarioContext, world: World, customers: readonly Customer[]): Promise<void> {
  const { fake, owner } = world;
  await ctx.eventually("all holds are settled", async () => ((await openHolds(owner)) === 0 ? true : null));
  const calls = metered(fake.requests());
  const served = servedCredits(calls);
  const { rows } = await owner.query<{ user_id: string; spent: string }>("SELECT user_id, spent FROM credit_accounts");
  const spent = new Map(rows.map((row) => [row.user_id, Number(row.spent)]));
  const paying = customers.filter(({ source }) => source === "credits");
  const wrong = paying.filter(({ userId }) => spent.get(userId) !== (served.get(userId) ?? 0));
  const total = [...served.values()].reduce((sum, credits) => sum + credits, 0);
  ctx.figure("runs that the server answered", countServed(calls).size, "");
  ctx.figure("credits by the server's count", total, "");
  ctx.hold(
    wrong.length === 0,
    `each of ${paying.length} customers paid what the server counted`,
    wrong.map(({ userId }) => [userId, spent.get(userId), served.get(userId)]),
  );
  const own = customers.filter(({ source }) => source === "byok");
  ctx.hold(
    own.every(({ userId }) => spent.get(userId) === 0) && own.some(({ userId }) => (served.get(userId) ?? 0) > 0),
    "calls on a customer's own key were answered and cost nothing",
  );
  await holdSameTokens(ctx, world);
}

async function holdSameTokens(ctx: ScenarioContext, { fake, owner }: World): Promise<void> {
  const told = metered(fake.requests()).flatMap((call) => (call.told === null ? [] : [call.told]));
  const whole = sum(told.filter(({ isComplete }) => isComplete));
  const all = sum(told);
  const count = async (condition: string) =>
    (
      await owner.query<Record<keyof Tokens | "rows", string>>(
        `SELECT coalesce(sum(input_tokens), 0) AS input, coalesce(sum(output_tokens), 0) AS output, count(*) AS rows,
           coalesce(sum(cache_read_tokens), 0) AS "cacheRead", coalesce(sum(cache_write_tokens), 0) AS "cacheWrite"
         FROM model_usage WHERE ${condition}`,
      )
    ).rows[0];
  await ctx.eventually("every answered call has its row", async () =>
    Number((await count("true"))?.rows) === told.length ? true : null,
  );
  const wholeRows = toTokens(await count("outcome = 'complete'"));
  const allRows = toTokens(await count("true"));
  ctx.figure("tokens by the server's count", all.input + all.output + all.cacheRead + all.cacheWrite, "");
  ctx.hold(same(wholeRows, whole), "tokens of whole answers are the server's own count", { wholeRows, whole });
  ctx.hold(
    same({ ...allRows, output: 0 }, { ...all, output: 0 }),
    "what was read of all answers, broken-off ones included, is the server's own count",
    { allRows, all },
  );
  // The server wrote words that never arrived; of those that did each is counted.
  ctx.hold(
    allRows.output <= all.output && allRows.output >= whole.output,
    "of answers that broke off as much is counted as arrived",
    { counted: allRows.output, written: all.output },
  );
}

export async function openHolds(owner: Pool): Promise<number> {
  const { rows } = await owner.query<{ count: string }>("SELECT count(*) FROM credit_holds WHERE state = 'open'");
  return Number(rows[0]?.count);
}

const kinds = ["input", "output", "cacheRead", "cacheWrite"] as const;

function sum(told: readonly Tokens[]): Tokens {
  const total: Tokens = { input: 0, output: 0, cacheRead: 0, cacheWrite: 0 };
  for (const tokens of told) for (const kind of kinds) total[kind] += tokens[kind];
  return total;
}

function toTokens(row: Record<keyof Tokens, string> | undefined): Tokens {
  return sum([
    {
      input: Number(row?.input),
      output: Number(row?.output),
      cacheRead: Number(row?.cacheRead),
      cacheWrite: Number(row?.cacheWrite),
    },
  ]);
}

function same(one: Tokens, other: Tokens): boolean {
  return kinds.every((kind) => one[kind] === other[kind]);
}
