import { setTimeout as sleep } from "node:timers/promises";
import { openChat } from "../steps/chat.ts";
import { median } from "./measure-doze.ts";
import { ask, letGo, putToDeepDoze, putToRest, type Asked, type House, type Resident } from "./resident.ts";

/** The limit. */
const WAKE_RATIO = 0.25;
/** A message that comes while a slot is being frozen, or while its memory is on its way out. */
const EDGE_MS = 3_000;
/** Before what is measured, so that what was written to swap has arrived there. */
const CALM_MS = 3_000;
/** People who ask at the same time, each the same few, who hardly get to sleep: the rest would first come back from deep down. */
const LANES = 2;
const DROWSY = 3;

export interface CyclePlan {
  rounds: number;
  /** In each: messages to slots that are deep in swap, which are measured. */
  deep: number;
  /** In each: messages to slots that are just falling asleep; for two people. */
  edge: number;
  isRatioHeld: boolean;
}

interface Tally {
  cycles: number;
  repeats: number;
  wakes: Asked[];
  colds: Asked[];
}

/**
 * In each cycle a slot is frozen and asked something. What is measured, wakes of slots that are deep in swap and cold boots, has the
 * machine to itself; then two people at a time ask agents that are just falling asleep.
 */
export async function runCycles(house: House, residents: readonly Resident[], plan: CyclePlan): Promise<void> {
  const { ctx } = house;
  const tally: Tally = { cycles: 0, repeats: 0, wakes: [], colds: [] };
  const drowsy = residents.slice(-LANES * DROWSY);
  const sleepers = residents.slice(0, Math.max(1, residents.length - drowsy.length));
  for (let round = 0; round < plan.rounds; round += 1) {
    const woken = new Set<Resident>();
    await untilCounted(plan.deep, from(sleepers, round * plan.deep), async (resident) => {
      woken.add(resident);
      await putToDeepDoze(house, resident);
      await sleep(CALM_MS, undefined, { signal: ctx.signal });
      const asked = await ask(house, resident);
      tally.wakes.push(asked);
      return count(house, resident, tally, asked);
    });
    const resident = ctx.random.pick(sleepers);
    woken.add(resident);
    await putToRest(house, resident, { rest: "sleep", isIdle: true });
    await sleep(CALM_MS, undefined, { signal: ctx.signal });
    tally.colds.push(await ask(house, resident));
    const last = (asked: readonly Asked[]) => `${((asked.at(-1)?.fullMs ?? 0) / 1_000).toFixed(1)} s`;
    ctx.log(`  last wake ${last(tally.wakes)}, cold boot ${last(tally.colds)}`);

    const half = drowsy.length / LANES;
    await Promise.all(
      [drowsy.slice(0, half), drowsy.slice(half)].map((own) =>
        untilCounted(plan.edge / LANES, own, async (each) => {
          await letGo(house, each, { rest: "doze", isIdle: false });
          await sleep(ctx.random.integer(0, EDGE_MS), undefined, { signal: ctx.signal });
          return count(house, each, tally, await ask(house, each));
        }),
      ),
    );
    // All of them awake are more than the machine has memory for.
    for (const each of woken) await putToDeepDoze(house, each);
    ctx.log(`  ${tally.cycles} of ${plan.rounds * (plan.deep + plan.edge)} cycles`);
  }
  report(house, tally, plan);
}

/** All of them, beginning with another one. */
function from<Item>(items: readonly Item[], first: number): readonly Item[] {
  const at = first % items.length;
  return [...items.slice(at), ...items.slice(0, at)];
}

/** Again and again, with one after the other, until so many were frozen indeed; a message may also come before. */
async function untilCounted(
  wanted: number,
  residents: readonly Resident[],
  cycle: (resident: Resident) => Promise<boolean>,
): Promise<void> {
  let done = 0;
  for (let tried = 0; done < wanted; tried += 1) {
    if (tried > wanted * 3) throw new Error(`only ${done} of ${tried} were frozen`);
    const resident = residents[tried % residents.length];
    if (resident === undefined) throw new Error("nobody lives here");
    if (await cycle(resident)) done += 1;
  }
}

/** True when its slot had been frozen before it was asked. */
function count({ freezes }: House, resident: Resident, tally: Tally, { repeats }: Asked): boolean {
  const frozen = freezes(resident.slotId);
  const isCycle = frozen > resident.wokenAfter;
  resident.wokenAfter = frozen;
  tally.repeats += repeats;
  tally.cycles += isCycle ? 1 : 0;
  return isCycle;
}

function report({ ctx }: House, { cycles, repeats, wakes, colds }: Tally, { isRatioHeld }: CyclePlan): void {
  ctx.figure("cycles of freeze and wake, as the engine counts them", cycles, "");
  ctx.figure("messages that browsers sent again", repeats, "");
  const seconds = (asked: readonly Asked[], key: "answeredMs" | "fullMs") =>
    median(asked.map((each) => each[key])) / 1_000;
  const wake = { answers: seconds(wakes, "answeredMs"), full: seconds(wakes, "fullMs") };
  const cold = { answers: seconds(colds, "answeredMs"), full: seconds(colds, "fullMs") };
  ctx.figure(`dozing agent, until it answers at all (median of ${wakes.length})`, wake.answers, "s");
  ctx.figure("dozing agent, until its answer to a message is whole", wake.full, "s");
  ctx.figure("… the slowest", Math.max(...wakes.map(({ fullMs }) => fullMs)) / 1_000, "s");
  ctx.figure(`cold boot, until it answers at all (median of ${colds.length})`, cold.answers, "s");
  ctx.figure("cold boot, until its answer to a message is whole", cold.full, "s");
  ctx.figure("wake against cold boot, until it answers at all", wake.answers / cold.answers, "x");
  ctx.figure("wake against cold boot, until the answer is whole", wake.full / cold.full, "x");
  ctx.figure("wake until the answer is whole against cold boot until it answers at all", wake.full / cold.answers, "x");
  if (!isRatioHeld) return;
  ctx.hold(wake.answers / cold.answers <= WAKE_RATIO, `a wake takes at most ${WAKE_RATIO} of a cold boot`, {
    wake,
    cold,
  });
  ctx.hold(wake.full / cold.full <= WAKE_RATIO, "… and so does a whole answer", { wake, cold });
}

/** Every message of every customer is in the history once, and has its answer once. */
export async function assertNothingLost(house: House, residents: readonly Resident[]): Promise<void> {
  const { ctx } = house;
  const waiting = [...residents];
  const lost: string[] = [];
  const lane = async () => {
    for (let resident = waiting.shift(); resident !== undefined; resident = waiting.shift())
      lost.push(...(await findLost(house, resident)));
  };
  await Promise.all(Array.from({ length: READERS }, lane));
  const messages = residents.reduce((sum, { said }) => sum + said.length, 0);
  ctx.hold(lost.length === 0, `all ${messages} messages are in the history once, each with its answer`, lost);
}
/** Each wakes an agent that dozes deeply. */
const READERS = 3;

async function findLost({ ctx }: House, { customer, said }: Resident): Promise<string[]> {
  const chat = await openChat(ctx, customer);
  const rows = await chat.history().finally(() => chat.close());
  const isRight = ({ runId, question }: Resident["said"][number]) => {
    const asked = rows.filter(({ role, text }) => role === "user" && text.includes(question));
    const answered = rows.filter((row) => row.role === "assistant" && row.runId === runId);
    return asked.length === 1 && answered.length === 1 && answered[0]?.text.includes(question) === true;
  };
  return said.filter((message) => !isRight(message)).map(({ question }) => question);
}
