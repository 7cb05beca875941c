import { setTimeout as sleep } from "node:timers/promises";
import type { ScenarioContext } from "../harness/scenario.ts";
import { makeLane } from "./asking-lane.ts";
import { makePlaces, type Verdict } from "./places.ts";
import type { Customer, World } from "./world.ts";

export interface MovesPlan {
  /** Replies that prove their way. */
  replies: number;
  moves: number;
  lanes: number;
}

/** An old place answers for so long after a move: longer than a proxy may take to learn of it. */
const REST_MS = 4_000;
/** Most moves begin between two others'; some agents change places, so that a port is somebody else's. */
const EXCHANGES_ONE_IN = 4;

/** Everybody asks as fast as they can while agents move; each reply says which agent answered which question of whom. */
export async function holdMoves(
  ctx: ScenarioContext,
  { world, port, customers }: { world: World; port: number; customers: readonly Customer[] },
  plan: MovesPlan,
): Promise<void> {
  const places = makePlaces(world, customers);
  ctx.onCleanup("close the old places", places.close);
  const counts: Record<Verdict, number> = { right: 0, misrouted: 0, unserved: 0 };
  const wrong: string[] = [];
  const moving = new Set<Customer>();
  let turn = 0;
  let moved = 0;

  // Both ends are reached together: the last question comes after the last move.
  const next = () => {
    if (counts.right >= plan.replies && moved >= plan.moves) return null;
    turn += 1;
    return customers[turn % customers.length] ?? null;
  };
  const pick = () => {
    const free = customers.filter((customer) => !moving.has(customer));
    return free.length === 0 ? null : ctx.random.pick(free);
  };
  const makeMove = async () => {
    const one = pick();
    if (one === null) return;
    moving.add(one);
    const other = ctx.random.integer(1, EXCHANGES_ONE_IN) === 1 ? pick() : null;
    if (other !== null) moving.add(other);
    if (other === null) await places.moveAway(one, REST_MS);
    else await places.exchange(one, other);
    moving.delete(one);
    if (other !== null) moving.delete(other);
    moved += other === null ? 1 : 2;
  };
  const keepMoving = async () => {
    while (moved < plan.moves) {
      // As far in the moves as in the replies.
      if (moved / plan.moves <= counts.right / plan.replies) await makeMove();
      else await sleep(2, undefined, { signal: ctx.signal });
    }
  };

  const startedAt = performance.now();
  const lanes = Array.from({ length: plan.lanes }, (_, index) =>
    makeLane(port, `l${index}`).run(next, (reply) => {
      const verdict = places.judge(reply);
      counts[verdict] += 1;
      if (verdict === "misrouted")
        wrong.push(`${reply.status} ${reply.body} for ${reply.customer.userId} ${reply.nonce}`);
    }),
  );
  await Promise.all([...lanes, keepMoving()]);
  await places.close();
  const seconds = (performance.now() - startedAt) / 1_000;
  ctx.figure("moves under load", moved, "moves");
  ctx.figure("replies that prove their way", counts.right, "replies");
  ctx.figure("refused while a port changed hands", counts.unserved, "replies");
  ctx.figure("rate", (counts.right + counts.unserved) / seconds, "replies/s");
  ctx.figure("longest after a move that the old place was asked", places.stalestMs(), "ms");
  ctx.hold(
    counts.misrouted === 0 && moved >= plan.moves && counts.right >= plan.replies,
    `${moved} moves, ${counts.right} replies, each from the agent of whoever asked, none from where it had been 2 s before`,
    { ...counts, wrong: wrong.slice(0, 3) },
  );
}
