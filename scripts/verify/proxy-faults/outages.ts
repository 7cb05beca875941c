import { setTimeout as sleep } from "node:timers/promises";
import { AGENTS_QUEUE } from "@automna/contract/jobs";
import { notify } from "@automna/records/database";
import { endSession } from "@automna/records/sessions";
import { makeSilentLog } from "@automna/service-kit/log";
import { makeJobSender } from "@automna/service-kit/queue";
import { WebSocket } from "ws";
import type { ScenarioContext } from "../harness/scenario.ts";
import { newSlot, startBackend } from "./backend.ts";
import { askWho, closing, dial, isServed } from "./clients.ts";
import { startIngressProcess, type IngressProcess } from "./ingress-process.ts";
import type { Customer, World } from "./world.ts";

const MINUTE_MS = 60_000;
const LEARNS_WITHIN_MS = 2_000;
const PAUSE_MS = 20;

/** Everyone asks in turn for so long. Answers how many were not served, and the longest answer, ms. */
export async function askAll(port: number, customers: readonly Customer[], forMs: number) {
  const outcome = { asked: 0, unserved: 0, slowestMs: 0 };
  const untilMs = performance.now() + forMs;
  while (performance.now() < untilMs) {
    for (const customer of customers) {
      const startedAt = performance.now();
      outcome.asked += 1;
      if (!(await isServed(port, customer, `n${outcome.asked}`))) outcome.unserved += 1;
      outcome.slowestMs = Math.max(outcome.slowestMs, performance.now() - startedAt);
    }
    await sleep(PAUSE_MS);
  }
  return outcome;
}

/**
 * Postgres is killed and stays away: what was known is served, what was ended stays ended, nothing is guessed. Answers
 * the process that was started meanwhile.
 */
export async function holdDatabaseOutage(
  ctx: ScenarioContext,
  { world, ingress, known }: { world: World; ingress: IngressProcess; known: readonly Customer[] },
  forMs: number,
): Promise<IngressProcess> {
  const { port } = ingress;
  const [left, suspended, stranger, victim] = [
    await world.addCustomer(),
    await world.addCustomer(),
    await world.addCustomer(),
    await world.addCustomer(),
  ];
  const [first] = known;
  ctx.must(first !== undefined, "there are customers whose agents have been used");
  const late = await startIngressProcess(ctx, world);
  for (const customer of [...known, left, suspended]) await isServed(port, customer, "warm");
  ctx.must(await isServed(late.port, first, "warm"), "a second process has been used too");
  const sockets = await Promise.all(known.map((customer) => dial(port, customer)));
  const ofVictim = await dial(port, victim);

  await endSession(world.db, left.sessionId, new Date());
  await world.db.$transaction(async (tx) => {
    await tx.user.update({ where: { id: suspended.userId }, data: { state: "suspended" } });
    await notify(tx, "user_changed", { userId: suspended.userId });
  });
  // Killed in the same moment, Postgres might tell nobody: what ingress must know by then is what is promised.
  await sleep(LEARNS_WITHIN_MS);
  await world.postgres.kill();
  const during = askAll(port, known, forMs);

  const started = await startIngressProcess(ctx, world);
  const ready = await fetch(`http://127.0.0.1:${started.port}/readyz`);
  const refused = await askWho(started.port, first, "new");
  ctx.hold(
    ready.status === 503 && refused.status === 503,
    "a process that starts meanwhile lets nobody in, and says that it is not ready",
    { ready: ready.status, refused: refused.status },
  );
  const [ended, barred, unknown] = [
    await askWho(port, left, "ended"),
    await askWho(port, suspended, "barred"),
    await askWho(port, stranger, "unknown"),
  ];
  ctx.hold(ended.status === 401, "who signed out stays out", ended);
  ctx.hold([403, 503].includes(barred.status), "who was suspended a moment before stays out", barred);
  ctx.hold(
    unknown.status === 503 && unknown.retryAfter !== null,
    "who is not known gets 503 with Retry-After",
    unknown,
  );

  await holdStaleBound(ctx, late, first);
  const { asked, unserved, slowestMs } = await during;
  ctx.figure("asked while the database was away", asked, "requests");
  ctx.figure("slowest of them", slowestMs, "ms");
  ctx.hold(unserved === 0, `known customers were served all the ${forMs / 1_000} s`, { asked, unserved });
  ctx.hold(
    sockets.every((socket) => socket.readyState === WebSocket.OPEN),
    "and their sockets stayed open",
  );

  const closed = Promise.race([closing(ofVictim), sleep(30_000, null, { ref: false })]);
  await world.postgres.start();
  await ctx.eventually("after its return the unknown one is served", async () =>
    (await isServed(port, stranger, "back")) ? true : null,
  );
  await ctx.eventually("and the process that started meanwhile is ready", async () =>
    (await fetch(`http://127.0.0.1:${started.port}/readyz`)).status === 200 ? true : null,
  );
  await endSession(world.db, victim.sessionId, new Date());
  const endedAt = performance.now();
  const end = await closed;
  ctx.hold(
    end?.code === 4401 && end.atMs - endedAt < LEARNS_WITHIN_MS,
    "a sign-out right after its return closes the session's socket within 2 s",
    end,
  );
  for (const socket of sockets) socket.terminate();
  const { trouble } = await late.probe();
  ctx.hold(trouble.length === 0, "no error was left unheard in the second process", trouble);
  late.child.kill("SIGKILL");
  return started;
}

/** Fifteen minutes are not waited for: the process's clock is moved. */
async function holdStaleBound(ctx: ScenarioContext, { port, shiftClock }: IngressProcess, customer: Customer) {
  const statusAt = async (minutes: number) =>
    (await askWho(port, customer, "stale", customer.cookie(Date.now() + minutes * MINUTE_MS))).status;
  await shiftClock(14 * MINUTE_MS);
  const within = await statusAt(14);
  await shiftClock(2 * MINUTE_MS);
  const after = await statusAt(16);
  ctx.hold(within === 200 && after === 503, "an old route serves for 14 minutes and not for 16", { within, after });
}

/** The queue is away: hints can't be given, and nothing between people and agents needs one. */
export async function holdQueueOutage(
  ctx: ScenarioContext,
  { world, port, known }: { world: World; port: number; known: readonly Customer[] },
  forMs: number,
): Promise<void> {
  const sender = makeJobSender(
    AGENTS_QUEUE,
    { kind: "postgres", connectionString: world.postgres.urlAs("postgres"), max: 1 },
    makeSilentLog(),
  );
  const [moved, left] = [await world.addCustomer(), await world.addCustomer()];
  const canHint = () =>
    sender.add("agents.reconcile", { agentId: moved.agentId }, { dedupeKey: `${Math.random()}` }).then(
      () => true,
      () => false,
    );
  ctx.must(await canHint(), "a hint can be given before");
  await world.db.$executeRawUnsafe("ALTER SCHEMA bullmq RENAME TO bullmq_away");
  try {
    ctx.hold(!(await canHint()), "while the queue is away no hint can be given");
    const during = askAll(port, known, forMs);
    const socket = await dial(port, left);
    const closed = closing(socket);
    await isServed(port, moved, "before");
    const old = moved.backend;
    moved.backend = await startBackend(newSlot(moved.agentId));
    await world.moveTo(moved, moved.backend);
    await endSession(world.db, left.sessionId, new Date());
    const endedAt = performance.now();
    const { code, atMs } = await closed;
    ctx.hold(code === 4401 && atMs - endedAt < LEARNS_WITHIN_MS, "a sign-out still closes a socket within 2 s");
    await ctx.eventually("a moved agent is found at its new place", async () =>
      (await isServed(port, moved, "after")) ? true : null,
    );
    await old.close();
    const { asked, unserved } = await during;
    ctx.hold(unserved === 0, `nobody noticed for ${forMs / 1_000} s (${asked} requests)`, { unserved });
  } finally {
    await world.db.$executeRawUnsafe("ALTER SCHEMA bullmq_away RENAME TO bullmq");
  }
  ctx.hold(await canHint(), "and hints can be given again");
  await sender.close();
}
