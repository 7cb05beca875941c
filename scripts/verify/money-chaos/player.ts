import { chargeCredits } from "@automna/records/credits/credits";
import { isAppError } from "@automna/core/shared/app-error";
import { newId } from "@automna/service-kit/new-id";
import type { Random } from "../harness/random.ts";
import { makePostOffice, type MailFaults, type PostOffice } from "./post-office.ts";
import type { MoneyWorld } from "./world.ts";

/** One customer's history while it is played, with what the world may hold it to afterwards. */
export interface Player {
  world: MoneyWorld;
  random: Random;
  userId: string;
  post: PostOffice;
  /** What was done, for the report of a violation. */
  log: string[];
  crashes: number;
  /** Credits of charges that were accepted, by key. */
  charged: Map<string, number>;
  /** The highest cap that was ever set. */
  highestCap: number;
  /** Moments at which a change of plan was asked for, seconds. */
  changesAsked: Set<number>;
  /** What was wrong on the way. */
  violations: string[];
  /** Hash of each ledger entry as it was first seen. */
  seenEntries: Map<number, string>;
}

export async function makePlayer(world: MoneyWorld, random: Random, faults: MailFaults): Promise<Player> {
  const userId = newId("user");
  await world.owner.query("INSERT INTO users (id, email, issuer, updated_at) VALUES ($1, $1, 'local', now())", [
    userId,
  ]);
  const webhookUrl = `${world.api.origin}/api/webhooks/stripe`;
  return {
    world,
    random,
    userId,
    post: makePostOffice(world.fake, { webhookUrl, random, faults }),
    log: [],
    crashes: 0,
    charged: new Map(),
    highestCap: 0,
    changesAsked: new Set(),
    violations: [],
    seenEntries: new Map(),
  };
}

/** What the api's own refusals and a dead process are to a customer: they try again, or leave it. */
export async function attempt(player: Player, what: string, act: () => Promise<unknown>): Promise<boolean> {
  try {
    await act();
    player.log.push(what);
    return true;
  } catch (error) {
    if (!player.world.mortal.isDead() && !isAppError(error)) throw error;
    player.log.push(`${what}: ${player.world.mortal.isDead() ? "crashed" : isAppError(error) ? error.code : "failed"}`);
    return false;
  } finally {
    await comeBack(player);
  }
}

/** Whoever died is started again. */
export async function comeBack(player: Player): Promise<void> {
  if (!player.world.mortal.isDead()) return;
  player.crashes += 1;
  await player.world.mortal.restart();
}

/** Charges from egress, some of them twice at once, beside whatever else goes on. */
export async function spend(player: Player, count: number): Promise<void> {
  const { world, random, userId, charged } = player;
  const charges = Array.from({ length: count }, () => {
    const key = `run-${charged.size}-${random.integer(1, 1_000_000)}`;
    return { userId, key, credits: random.pick([1, 5, 40, 400, 900]), resource: "email" as const };
  });
  const doubled = charges.flatMap((charge) => (random.number() < 0.3 ? [charge, charge] : [charge]));
  await Promise.all(
    doubled.map(async (charge) => {
      try {
        await chargeCredits(world.egress, charge, world.nowMs());
        charged.set(charge.key, charge.credits);
      } catch (error) {
        if (!isAppError(error, "credits_exhausted")) throw error;
      }
    }),
  );
}
