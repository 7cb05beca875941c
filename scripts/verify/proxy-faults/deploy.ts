import type { ScenarioContext } from "../harness/scenario.ts";
import { makeLane, type Reply } from "./asking-lane.ts";
import { startBalancer } from "./balancer.ts";
import { closing, dial } from "./clients.ts";
import { startDeafIngress } from "./deaf-ingress.ts";
import type { IngressProcess } from "./ingress-process.ts";
import { makePlaces } from "./places.ts";
import { openReturningSocket, type ReturningSocket } from "./returning-socket.ts";
import type { Customer, World } from "./world.ts";

export interface DeployPlan {
  sockets: number;
  /** What the leaving process was given, ms. */
  drainTimeoutMs: number;
  /** A deploy that sends back more than this share of them within a quarter of a second has failed. */
  shareMax: number;
}

/** Ends within so short a time are one burst. */
const WINDOW_MS = 250;
const CONTROL_SOCKETS = 60;
const OPEN_AT_ONCE = 50;
/** What a process may take beyond its own deadline for closing what it holds. */
const EXIT_SLACK_MS = 5_000;
const CONNECT_AGAIN = 1012;
const LANES = 4;

/** A deploy: the old process leaves under load, and everybody goes on at the new one. */
export async function holdDeploy(
  ctx: ScenarioContext,
  {
    world,
    old,
    fresh,
    customers,
  }: { world: World; old: IngressProcess; fresh: IngressProcess; customers: readonly Customer[] },
  plan: DeployPlan,
): Promise<void> {
  await ctx.attack({
    name: "a process that leaves sends its clients back all at once (control: told without a pause)",
    unsafe: async () => {
      const { port, ingress } = await startDeafIngress(ctx, world);
      const sockets = await openEach(CONTROL_SOCKETS, (index) =>
        dial(port, customers[index % customers.length] as Customer),
      );
      const ends = Promise.all(sockets.map(closing));
      await ingress.drain({ timeoutMs: 0, noticeMs: 0 });
      return largestShare((await ends).map(({ atMs }) => atMs)) > plan.shareMax;
    },
    safe: async () => largestShare(await deploy(ctx, { world, old, fresh, customers }, plan)) > plan.shareMax,
  });
}

async function deploy(
  ctx: ScenarioContext,
  { world, old, fresh, customers }: Parameters<typeof holdDeploy>[1],
  { sockets: count, drainTimeoutMs }: DeployPlan,
): Promise<number[]> {
  const port = await startBalancer(ctx, [old.port, fresh.port]);
  const random = () => ctx.random.number();
  const sockets = await openEach(count, (index) =>
    openReturningSocket(port, customers[index % customers.length] as Customer, random),
  );
  ctx.hold(await allProve(sockets, "old"), `${count} sockets are open, each to its customer's own agent`);
  ctx.must((await fresh.metric("proxy_active")) === 0, "all at the old process");

  const places = makePlaces(world, customers);
  const replies: Reply[] = [];
  let isOver = false;
  let turn = 0;
  const lanes = Array.from({ length: LANES }, (_, index) =>
    makeLane(port, `d${index}`).run(
      () => (isOver ? null : (customers[(turn += 1) % customers.length] as Customer)),
      (reply) => void replies.push(reply),
    ),
  );
  const { code, tookMs } = await old.stop();
  const back = await Promise.allSettled(sockets.map(({ returned }) => returned));
  isOver = true;
  await Promise.all(lanes);

  ctx.figure("deploy: the old process took", tookMs / 1_000, "s");
  ctx.hold(
    code === 0 && tookMs <= drainTimeoutMs + EXIT_SLACK_MS,
    `the old process ended by itself within its ${drainTimeoutMs / 1_000} s`,
    { code, tookMs },
  );
  const codes = new Set(sockets.map(({ end }) => end?.code));
  ctx.hold(codes.size === 1 && codes.has(CONNECT_AGAIN), "every socket was told to connect again (1012)", [...codes]);
  ctx.hold(
    back.every(({ status }) => status === "fulfilled") && (await allProve(sockets, "fresh")),
    "every client is back at the new process, and its own agent answers",
    back.filter(({ status }) => status === "rejected").length,
  );
  const bad = replies.filter((reply) => places.judge(reply) !== "right");
  ctx.hold(
    bad.length === 0 && replies.length > 0,
    `requests meanwhile noticed nothing (${replies.length})`,
    bad.slice(0, 3).map(({ status, body }) => `${status} ${body}`),
  );
  for (const socket of sockets) socket.close();
  const times = sockets.flatMap(({ end }) => (end === null ? [] : [end.atMs]));
  ctx.figure("deploy: first to last socket told", (Math.max(...times) - Math.min(...times)) / 1_000, "s");
  ctx.figure(`deploy: largest share told within ${WINDOW_MS} ms`, largestShare(times) * 100, "%");
  return times;
}

async function allProve(sockets: readonly ReturningSocket[], nonce: string): Promise<boolean> {
  const proven = await Promise.all(sockets.map((socket, index) => socket.proves(`${nonce}${index}`)));
  return proven.every(Boolean);
}

/** The largest part of these moments that lie within one window. */
function largestShare(times: readonly number[]): number {
  const sorted = times.toSorted((a, b) => a - b);
  let largest = 0;
  let from = 0;
  for (const [index, time] of sorted.entries()) {
    while (time - (sorted[from] ?? time) > WINDOW_MS) from += 1;
    largest = Math.max(largest, index - from + 1);
  }
  return sorted.length === 0 ? 0 : largest / sorted.length;
}

/** Makes `count` of something, not all at the same time. */
async function openEach<Value>(count: number, make: (index: number) => Promise<Value>): Promise<Value[]> {
  const made: Value[] = [];
  for (let from = 0; from < count; from += OPEN_AT_ONCE) {
    const length = Math.min(OPEN_AT_ONCE, count - from);
    made.push(...(await Promise.all(Array.from({ length }, (_, index) => make(from + index)))));
  }
  return made;
}
