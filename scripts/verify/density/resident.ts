import { setTimeout as sleep } from "node:timers/promises";
import { signIn, type ApiClient } from "@automna/testkit/api-client";
import type { GatewayClient, HistoryRow } from "@automna/testkit/gateway-client";
import type { Database } from "@automna/records/database";
import { findRest } from "@automna/records/activity";
import type { ScenarioContext } from "../harness/scenario.ts";
import { untilReady } from "../steps/agent-life.ts";
import { openChat } from "../steps/chat.ts";
import { letRest } from "../steps/rest.ts";
import type { SwarmInstallation } from "../steps/swarm-cell.ts";
import { untilAsleepInSwap } from "./slot-memory.ts";

/** One customer with one agent, and all that was said between them. */
export interface Resident {
  customer: ApiClient;
  agentId: string;
  slotId: string;
  said: Message[];
  /** When it had its last answer (performance.now). */
  answeredAt: number;
  /** Of the times that its slot was frozen, those after which it was asked something. */
  wokenAfter: number;
}

interface Message {
  runId: string;
  question: string;
}

export interface House {
  ctx: ScenarioContext;
  installation: SwarmInstallation;
  /** Superuser's view. */
  db: Database;
  /** How long nobody asks an agent before it is put to deep doze. */
  idleMs: number;
  /** How often the engine has frozen the slot so far. */
  freezes: (slotId: string) => number;
}

const REST_MS = 60_000;

/** Deploys an agent for a new customer; resolves when it has answered once. */
export async function moveIn(house: House, number: number): Promise<Resident> {
  const { installation, db } = house;
  const ctx: ScenarioContext = house.ctx;
  const customer = await signIn(await installation.product.newStartLink(), `dense-${number}@example.com`);
  ctx.must((await customer.putKey(installation.key)).status === 200, "the customer's key is accepted");
  const { id: agentId } = await customer.deploy({ name: `Swan ${number}`, personality: "", modelSource: "byok" });
  await untilReady(ctx, customer, `agent ${number} is ready`);
  const { slotId } = await db.agent.findUniqueOrThrow({ where: { id: agentId } });
  const resident = { customer, agentId, slotId: slotId ?? "", said: [], answeredAt: 0, wokenAfter: 0 };
  await ask(house, resident);
  return resident;
}

/** From the first try to connect, the times in ms until the agent itself answered anything, and until its answer was whole. */
export interface Asked {
  answeredMs: number;
  fullMs: number;
  /** How often the socket broke off and the same message was sent again, as browsers do. */
  repeats: number;
}

/** Asks something new over a new connection, whatever the agent is doing, until it is answered. */
export async function ask(house: House, resident: Resident): Promise<Asked> {
  const ctx: ScenarioContext = house.ctx;
  const question = `question ${ctx.random.hex(10)}`;
  const message = { runId: ctx.random.hex(32), question };
  const startedAt = performance.now();
  for (let repeats = 0; repeats <= REPEATS; repeats += 1) {
    const chat = await openChat(ctx, resident.customer);
    try {
      const rows = await chat.history();
      const answeredMs = performance.now() - startedAt;
      const text = answerIn(rows, message) ?? (await answerTo(chat, rows, message));
      if (text === null) continue;
      const isTrue = text.includes(house.installation.fake.nonce) && text.includes(question);
      ctx.must(isTrue, "an answer proves its way", text);
      resident.said.push(message);
      resident.answeredAt = performance.now();
      return { answeredMs, fullMs: resident.answeredAt - startedAt, repeats };
    } catch (error) {
      if (chat.isOpen()) throw error;
      ctx.log(`  ${question}: ${error instanceof Error ? error.message : String(error)}; again`);
    } finally {
      chat.close();
    }
  }
  throw new Error(`no answer to ${question}, asked ${REPEATS} times`);
}
const REPEATS = 6;

/** Sends it unless it is there already; null = nothing came for so long that a browser would connect anew. */
async function answerTo(
  chat: GatewayClient,
  rows: readonly HistoryRow[],
  { runId, question }: Message,
): Promise<string | null> {
  const isThere = rows.some(({ role, text }) => role === "user" && text.includes(question));
  if (isThere || !(await chat.isIdle())) {
    await sleep(LOOK_AGAIN_MS);
    return null;
  }
  const run = await chat.send(question, runId);
  const end = await Promise.race([run.end, sleep(SILENCE_MS, null)]);
  return end?.state === "final" ? end.text : null;
}
const LOOK_AGAIN_MS = 2_000;
/** A first turn after a boot takes most of this on a busy machine. */
const SILENCE_MS = 60_000;

function answerIn(rows: readonly HistoryRow[], { runId }: Message): string | null {
  return rows.find((row) => row.role === "assistant" && row.runId === runId)?.text ?? null;
}

interface RestWish {
  rest: "doze" | "sleep";
  isIdle: boolean;
}

/** Wishes that it rests, from a moment on at which nobody asks for it. */
export async function letGo({ ctx, db }: House, { agentId }: Resident, { rest, isIdle }: RestWish): Promise<void> {
  const isAllowed = async () => {
    if (await letRest(db, { agentId, rest, isIdle })) return true;
    // Nobody has come since it was wished for before.
    const agent = await db.agent.findUniqueOrThrow({ where: { id: agentId } });
    return (await findRest(db, agent)) === rest ? true : null;
  };
  await ctx.eventually(`an agent may ${rest}`, isAllowed, { timeoutMs: REST_MS, everyMs: 200 });
}

/** Puts it to rest; resolves when it is shown so. */
export async function putToRest(house: House, resident: Resident, wish: RestWish): Promise<void> {
  const { ctx, db } = house;
  const { agentId } = resident;
  await letGo(house, resident, wish);
  const { rest } = wish;
  const phase = rest === "doze" ? "dozing" : "asleep";
  const isResting = async () => {
    const agent = await db.agent.findUniqueOrThrow({ where: { id: agentId } });
    return agent.phase === phase ? true : null;
  };
  await ctx.eventually(`an agent is ${phase}`, isResting, { timeoutMs: REST_MS, everyMs: 100 });
}

/**
 * Dozing, with its memory in swap, after some time alone as in real life: a gateway ends its worker threads when they have had nothing
 * to do for most of a minute, and one that is frozen before does so when it wakes, for which all their memory has to come back.
 */
export async function putToDeepDoze(house: House, resident: Resident): Promise<void> {
  const leftMs = resident.answeredAt + house.idleMs - performance.now();
  await sleep(Math.max(0, leftMs), undefined, { signal: house.ctx.signal });
  await putToRest(house, resident, { rest: "doze", isIdle: true });
  await untilAsleepInSwap(house, resident.slotId);
}
