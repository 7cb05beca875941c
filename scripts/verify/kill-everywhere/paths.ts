import type { Tier } from "@automna/core/tiers/catalogue";
import { requestWake, wishRest } from "@automna/records/activity";
import { changeDesired, createAgent, serveAgent } from "@automna/records/agents";
import { wishMove } from "@automna/records/moves";
import { wishImage } from "@automna/records/upgrades";
import type { Agent, Slot } from "@automna/prisma/generated/client";
import type { Random } from "../harness/random.ts";
import { nextTag, type World } from "./world.ts";

// The ways that an agent can go, each wished for by the service and the database role that does it in production.

export type AgentState = "none" | "ready" | "asleep" | "dozing";
export type SeenAgent = Agent & { slot: Slot | null };

export interface Walk {
  world: World;
  agentId: string;
  userId: string;
  /** Image that agents are made from. */
  image: string;
  badImage: string;
  look: () => Promise<SeenAgent>;
  /** Does it again while the database is away. */
  wish: (work: () => Promise<unknown>) => Promise<void>;
  until: (isSo: (agent: SeenAgent) => boolean) => Promise<SeenAgent>;
  /** How often the step was done on this walk. */
  done: (step: string) => number;
}

export interface Path {
  from: AgentState;
  to: AgentState;
  go: (walk: Walk) => Promise<void>;
}

/** An agent that has been well so long has its failures forgotten, with room. */
const LONG_WELL_MS = 6 * 60_000;

export const paths = {
  deploy: {
    from: "none",
    to: "ready",
    async go({ world, agentId, userId, wish, until }) {
      const person = { id: userId, email: `${userId}@example.test`, issuer: "test" };
      await wish(() => world.db.api.user.upsert({ where: { id: userId }, create: person, update: {} }));
      const agent = {
        id: agentId,
        userId,
        name: "Ada",
        personality: "",
        modelSource: "demo",
        tier: "starter",
      } as const;
      await wish(() => createAgent(world.db.api, agent));
      await until(isWell);
    },
  },
  claim: {
    from: "ready",
    to: "ready",
    async go({ world, agentId, wish, until, done }) {
      const name = `Ada ${Date.now()}`;
      await wish(() => world.db.api.agent.update({ where: { id: agentId }, data: { name } }));
      await until((agent) => isWell(agent) && done("claimSlot") > 0);
    },
  },
  stop: {
    from: "ready",
    to: "asleep",
    async go(walk) {
      await walk.wish(() => desire(walk, "stopped"));
      await walk.until(({ phase }) => phase === "asleep");
    },
  },
  start: {
    from: "asleep",
    to: "ready",
    async go(walk) {
      await walk.wish(() => desire(walk, "running"));
      await walk.until(isWell);
    },
  },
  doze: {
    from: "ready",
    to: "dozing",
    async go({ world: { db }, agentId, wish, until, done }) {
      await wish(async () => {
        const activity = await db.provisioner.agentActivity.findUnique({ where: { agentId } });
        await wishRest(db.provisioner, { agentId, rest: "doze", wakes: activity?.wakes ?? 0, now: new Date() });
      });
      await until(({ phase }) => phase === "dozing" && done("dozeSlot") > 0);
    },
  },
  wake: {
    from: "dozing",
    to: "ready",
    async go({ world: { db }, agentId, userId, wish, until }) {
      await wish(() => requestWake(db.ingress, { agentId, userId, at: new Date() }));
      await until(isWell);
    },
  },
  resize: {
    from: "ready",
    to: "ready",
    async go({ world: { db }, agentId, look, wish, until }) {
      const before = await look();
      const tier: Tier = before.tier === "pro" ? "starter" : "pro";
      const service = { isExpired: false, stop: null, tier };
      await wish(() => db.api.$transaction((tx) => serveAgent(tx, agentId, service)));
      await until((agent) => isWell(agent) && agent.slot?.memoryMb !== before.slot?.memoryMb);
    },
  },
  move: {
    from: "ready",
    to: "ready",
    async go({ world: { db, hint }, agentId, look, wish, until }) {
      const from = (await look()).slotId ?? "";
      await wish(() => db.api.$transaction((tx) => wishMove(tx, { agentId, toNodeId: null, now: new Date() })));
      await until((agent) => isWell(agent) && agent.moveWishedAt === null && agent.nextSlotId === null);
      // A day later the place that it has left is forgotten.
      await wish(() =>
        db.admin.slot.updateMany({ where: { id: from, keptForId: agentId }, data: { keptUntil: new Date() } }),
      );
      await hint(agentId);
      const isGone = async () =>
        (await db.admin.slot.count({ where: { keptForId: agentId, releasedAt: null } }).catch(() => 1)) === 0;
      let left = false;
      await until((agent) => {
        void isGone().then((answer) => (left = answer));
        return left && isWell(agent);
      });
    },
  },
  "move without room": {
    from: "ready",
    to: "ready",
    async go({ world: { db, cell }, agentId, wish, until }) {
      const toNodeId = cell.manager.nodeId;
      await wish(() => db.api.$transaction((tx) => wishMove(tx, { agentId, toNodeId, now: new Date() })));
      await until((agent) => isWell(agent) && agent.moveWishedAt === null && agent.nextSlotId === null);
    },
  },
  upgrade: {
    from: "ready",
    to: "ready",
    async go({ world: { db }, agentId, image, look, wish, until }) {
      const current = (await look()).slot?.image ?? image;
      const next = current === nextTag(image) ? image : nextTag(image);
      await wish(() => db.provisioner.$transaction((tx) => wishImage(tx, agentId, next)));
      await until((agent) => isWell(agent) && agent.wishedImage === null && agent.slot?.trialStage === null);
    },
  },
  "upgrade to a bad image": {
    from: "ready",
    to: "ready",
    async go({ world: { db }, agentId, badImage, wish, until }) {
      await wish(() => db.provisioner.$transaction((tx) => wishImage(tx, agentId, badImage)));
      await until((agent) => isWell(agent) && agent.failedImage === badImage && agent.slot?.trialStage === null);
    },
  },
  crash: {
    from: "ready",
    to: "ready",
    async go({ world, agentId, look, until, done }) {
      const { slot } = await look();
      const node = world.cell.agentNodes.find(({ nodeId }) => nodeId === slot?.nodeId);
      const [container] =
        (await node?.engine.docker
          .listContainers({ filters: { label: [`automna.slot=${slot?.id}`] } })
          .catch(() => [])) ?? [];
      if (container === undefined) return;
      await node?.engine.docker
        .getContainer(container.Id)
        .kill()
        .catch(() => undefined);
      await until((agent) => isWell(agent) && done("recordFailure") > 0);
      // Minutes later it has proven itself; whatever brings it down meanwhile begins that anew.
      const makeOld = async () => {
        const phaseSince = new Date(Date.now() - LONG_WELL_MS);
        await world.db.admin.agent.updateMany({ where: { id: agentId, phase: "ready" }, data: { phaseSince } });
        await world.hint(agentId);
      };
      await until((agent) => {
        const isFresh = Date.now() - agent.phaseSince.getTime() < LONG_WELL_MS;
        if (isWell(agent) && agent.attempts > 0 && isFresh) void makeOld().catch(() => undefined);
        return isWell(agent) && agent.attempts === 0 && done("forgetFailures") > 0;
      });
    },
  },
  delete: {
    from: "ready",
    to: "none",
    async go(walk) {
      await walk.wish(() => desire(walk, "deleted"));
      await walk.until(({ phase }) => phase === "deleted");
    },
  },
} as const satisfies Record<string, Path>;
export type PathName = keyof typeof paths;
export const pathNames = Object.keys(paths) as PathName[];

/** Deploying, deleting, and so many ways between them with the ways back. */
export function samplePaths(random: Random, count: number): PathName[] {
  const between = pathNames.filter((name) => paths[name].from === "ready" && name !== "delete");
  const picked = random.shuffle(between).slice(0, count);
  const isBack = (name: PathName) => picked.some((other) => paths[other].to === paths[name].from);
  const back = pathNames.filter((name) => paths[name].from !== "ready" && isBack(name));
  return ["deploy", ...picked, ...back, "delete"];
}

function isWell({ phase, desired }: SeenAgent): boolean {
  return phase === "ready" && desired === "running";
}

function desire({ world, agentId }: Walk, desired: "running" | "stopped" | "deleted"): Promise<unknown> {
  return changeDesired(world.db.api, { agentId, desired, isRestart: false, assertPossible: () => undefined });
}
