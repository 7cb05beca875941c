import { randomBytes } from "node:crypto";
import { setTimeout as sleep } from "node:timers/promises";
import type { Database } from "@automna/records/database";
import type { SlotRecord } from "@automna/records/slots";
import { z } from "zod";
import type { World } from "../steps/cell-world.ts";

interface Watch<Outcome> {
  end: () => Promise<Outcome>;
}

const EVERY_MS = 200;
const ANSWER_LIMIT_MS = 5_000;

/** Asks each slot's open route again and again who it is, until it is ended. */
export function watchAnswers(slots: readonly SlotRecord[]): Watch<{ asked: number; wrong: string[] }> {
  let asked = 0;
  const wrong = new Set<string>();
  const ask = async ({ id, host, port }: SlotRecord) => {
    asked += 1;
    const url = `http://${host}:${port}/healthz?nonce=${randomBytes(16).toString("hex")}`;
    const said = await fetch(url, { signal: AbortSignal.timeout(ANSWER_LIMIT_MS) })
      .then((answer) => answer.json() as Promise<{ slotId?: string }>)
      .catch(() => null);
    if (said?.slotId !== id) wrong.add(id);
  };
  const watch = again(async () => void (await Promise.all(slots.map(ask))));
  return {
    async end() {
      await watch.end();
      return { asked, wrong: [...wrong] };
    },
  };
}

/** Looks again and again how many containers each slot has, on all nodes together. */
export function watchDoubles(world: World, slotIds: readonly string[]): Watch<{ looks: number; doubles: string[] }> {
  let looks = 0;
  const doubles = new Set<string>();
  const watch = again(async () => {
    looks += 1;
    for (const slotId of slotIds) if ((await world.containers(slotId)).length > 1) doubles.add(slotId);
  });
  return {
    async end() {
      await watch.end();
      return { looks, doubles: [...doubles] };
    },
  };
}

function again(look: () => Promise<void>): Watch<void> {
  const ending = new AbortController();
  const ended = (async () => {
    while (!ending.signal.aborted) {
      await look();
      await sleep(EVERY_MS, undefined, { signal: ending.signal }).catch(() => undefined);
    }
  })();
  return {
    async end() {
      ending.abort();
      await ended;
    },
  };
}

/** What has happened to these agents since then. */
export async function listEvents(db: Database, agentIds: readonly string[], since: Date): Promise<AgentHappening[]> {
  const events = await db.agentEvent.findMany({ where: { agentId: { in: [...agentIds] }, at: { gt: since } } });
  return events.map(({ agentId, type, data }) => ({ agentId, type, reason: dataSchema.parse(data).reason ?? null }));
}

/** Of an event that is no change of phase there is no reason. */
const dataSchema = z.object({ reason: z.string().nullish() });

interface AgentHappening {
  agentId: string;
  type: string;
  reason: string | null;
}
