import { setTimeout as sleep } from "node:timers/promises";
import { newId } from "@automna/service-kit/new-id";
import type { ScenarioContext } from "../harness/scenario.ts";
import { leaveKeepsake, readKeepsakes } from "./keepsakes.ts";
import type { Ledger } from "./ledger.ts";
import { paths, type AgentState, type PathName, type SeenAgent, type Walk } from "./paths.ts";
import type { World } from "./world.ts";

/** One customer with one agent after another. */
export interface Life {
  index: number;
  agentId: string;
  userId: string;
  state: AgentState;
  /** What has to be in its volume. */
  keepsakes: Map<string, string>;
  /** It did not converge: nothing after that would prove anything. */
  isLost: boolean;
}

export interface Lives {
  ctx: ScenarioContext;
  world: World;
  ledger: Ledger;
  image: string;
  badImage: string;
}

/** How long a walk may take beyond the last time that it was interrupted; what interrupts others holds it up too. */
const WALK_LIMIT_MS = 300_000;
const LOOK_EVERY_MS = 400;

export function newLife(index: number): Life {
  return { index, agentId: newId("agt"), userId: newId("user"), state: "none", keepsakes: new Map(), isLost: false };
}

/** Sends the agent along one path, which may be interrupted `kills` times, and looks whether it arrives. */
export async function walk(lives: Lives, life: Life, name: PathName, kills: number): Promise<void> {
  const { ctx, world, ledger } = lives;
  if (name === "delete") await assertKept(lives, life);
  ledger.setWalk(life.agentId, { path: name, kills });
  try {
    await paths[name].go(toWalk(lives, life, name));
  } catch (error) {
    ctx.signal.throwIfAborted();
    life.isLost = true;
    const agent = await world.db.admin.agent
      .findUnique({ where: { id: life.agentId }, include: { slot: true } })
      .catch(() => null);
    ctx.hold(false, `agent ${life.index} arrives at the end of "${name}"`, describe(error, agent));
    return;
  } finally {
    ledger.setWalk(life.agentId, null);
  }
  life.state = paths[name].to;
  if (life.state === "ready") await addKeepsake(lives, life);
  if (life.state === "none") Object.assign(life, { ...newLife(life.index) });
}

/** Every keepsake is in the volume, as it was written. */
export async function assertKept({ ctx, world }: Lives, life: Life): Promise<void> {
  const found = await readKeepsakes(ctx, world, life.agentId).catch((error: Error) => new Map([["", error.message]]));
  const lost = [...life.keepsakes].filter(([name, content]) => found.get(name) !== content);
  ctx.hold(lost.length === 0, `agent ${life.index} has all its ${life.keepsakes.size} keepsakes`, {
    lost,
    found: [...found],
  });
}

async function addKeepsake({ ctx, world }: Lives, life: Life): Promise<void> {
  const [name, content] = [String(life.keepsakes.size), ctx.random.hex(32)];
  await leaveKeepsake(ctx, world, { agentId: life.agentId, name, content });
  life.keepsakes.set(name, content);
}

function toWalk({ ctx, world, ledger, image, badImage }: Lives, { agentId, userId }: Life, name: PathName): Walk {
  const killsNow = () => ledger.deaths().filter((death) => death.agentId === agentId).length;
  const look = () => world.db.admin.agent.findUniqueOrThrow({ where: { id: agentId }, include: { slot: true } });
  const again = async <Answer>(work: () => Promise<Answer>): Promise<Answer> => {
    for (const deadline = Date.now() + WALK_LIMIT_MS; ; await sleep(LOOK_EVERY_MS, undefined, { signal: ctx.signal })) {
      try {
        return await work();
      } catch (error) {
        // The database is away for a moment.
        if (Date.now() > deadline) throw error;
      }
    }
  };
  return {
    world,
    agentId,
    userId,
    image,
    badImage,
    look: () => again(look),
    async wish(work) {
      await again(work);
      await world.hint(agentId);
    },
    async until(isSo) {
      let [kills, deadline] = [killsNow(), Date.now() + WALK_LIMIT_MS];
      for (;;) {
        const agent = await again(look);
        if (isSo(agent)) return agent;
        if (killsNow() !== kills) [kills, deadline] = [killsNow(), Date.now() + WALK_LIMIT_MS];
        if (Date.now() > deadline) throw new Error(`${name} takes more than ${WALK_LIMIT_MS / 1_000} s`);
        await sleep(LOOK_EVERY_MS, undefined, { signal: ctx.signal });
      }
    },
    done: (step) => ledger.reachedSince(agentId, step),
  };
}

function describe(error: unknown, agent: SeenAgent | null) {
  const seen = agent && [
    agent.id,
    agent.phase,
    agent.desired,
    agent.reason,
    agent.attempts,
    agent.nextSlotId,
    agent.slot?.trialStage,
  ];
  return { error: error instanceof Error ? error.message : String(error), seen };
}
