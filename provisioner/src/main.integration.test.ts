import { randomBytes } from "node:crypto";
import { once } from "node:events";
import { readdirSync, readFileSync } from "node:fs";
import { connect, createServer, type AddressInfo, type Socket } from "node:net";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { createPrismaClient, type PrismaClient } from "@automna/prisma/client";
import { changeDesired, createAgent, type AgentRecord } from "@automna/records/agents";
import { newId } from "@automna/service-kit/new-id";
import { unseal } from "@automna/service-kit/secret-box";
import { identityProof } from "@automna/service-kit/slot-keys";
import { AGENTS_QUEUE } from "@automna/contract/jobs";
import { makeSilentLog } from "@automna/service-kit/log";
import { makeJobSender, type JobSender } from "@automna/service-kit/queue";
import { createTestDatabase, type TestDatabase } from "@automna/testkit/postgres";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { makeProvisionerProcess, type ProvisionerProcess } from "./testing/provisioner-process.ts";
import { queueKinds, type TestQueue, type TestQueueKind } from "./testing/queue-backends.ts";

let database: TestDatabase;
let admin: PrismaClient;
let queue: TestQueue;
let jobs: JobSender;
let provisioner: ProvisionerProcess;

const begin = async (kind: TestQueueKind) => {
  database = await createTestDatabase();
  admin = createPrismaClient(database.url, { max: 2 });
  queue = await kind.start(database);
  jobs = makeJobSender(AGENTS_QUEUE, queue.backend, makeSilentLog());
  provisioner = await makeProvisionerProcess(database.urlAs("automna_provisioner"), queue.redisUrl);
};
afterEach(async () => {
  await provisioner.remove();
  await jobs.close();
  await queue.remove();
  await admin.$disconnect();
  await database.drop();
});

async function deploy(): Promise<string> {
  const userId = newId("user");
  await admin.user.create({ data: { id: userId, email: `${userId}@example.test`, issuer: "test" } });
  const { agent } = await createAgent(admin, {
    id: newId("agt"),
    userId,
    name: "Ada",
    personality: "Kind.",
    modelSource: "demo",
    tier: "local",
  });
  await hint(agent.id);
  return agent.id;
}

/** As the api does it: what can't be sent is a lost hint, not a lost wish. */
const hint = (agentId: string) =>
  jobs.add("agents.reconcile", { agentId }, { dedupeKey: agentId }).catch(() => undefined);
const wish = async (agentId: string, desired: AgentRecord["desired"], isRestart = false) => {
  await changeDesired(admin, { agentId, desired, isRestart, assertPossible: () => undefined });
  await hint(agentId);
};
const agentAt = (agentId: string) => admin.agent.findUniqueOrThrow({ where: { id: agentId }, include: { slot: true } });

async function untilPhase(agentId: string, phase: AgentRecord["phase"], limitMs = 45_000) {
  for (const deadline = Date.now() + limitMs; ; await sleep(50)) {
    const agent = await agentAt(agentId);
    if (agent.phase === phase) return agent;
    if (Date.now() > deadline)
      throw new Error(
        `the agent is ${agent.phase} (${agent.reason}), not ${phase}:\n${provisioner.log().slice(-6_000)}`,
      );
  }
}

const pidOf = (slotId: string) =>
  (JSON.parse(readFileSync(join(provisioner.slotsDir, slotId, "pid.json"), "utf8")) as { pid: number }).pid;
const slotFolders = () => readdirSync(provisioner.slotsDir).filter((name) => name !== "installation-id");

/** A way to the database that can be closed: connections break and new ones are refused, as when Postgres is killed. */
async function openRoad(url: string) {
  const target = new URL(url);
  const sockets = new Set<Socket>();
  const server = createServer((near) => {
    const far = connect(Number(target.port), target.hostname);
    for (const socket of [near, far]) {
      sockets.add(socket);
      socket.on("error", () => undefined);
      socket.on("close", () => {
        sockets.delete(socket);
        near.destroy();
        far.destroy();
      });
    }
    near.pipe(far).pipe(near);
  });
  const listen = async (port: number) => {
    server.listen(port, "127.0.0.1");
    await once(server, "listening");
    return (server.address() as AddressInfo).port;
  };
  const port = await listen(0);
  const close = () => {
    server.close();
    for (const socket of sockets) socket.destroy();
  };
  const near = new URL(url);
  near.host = `127.0.0.1:${port}`;
  return { url: near.toString(), close, open: () => listen(port), [Symbol.asyncDispose]: async () => close() };
}

for (const kind of queueKinds)
  describe.skipIf(!kind.isHere)(`the provisioner with the real agentd, its hints by ${kind.name}`, () => {
    beforeEach(() => begin(kind));

    test("deploys, survives its own death and agentd's, stops everything on a clean stop, starts it again, and deletes without a trace", async () => {
      await provisioner.start();
      const agentId = await deploy();
      const agent = await untilPhase(agentId, "ready");
      const slot = agent.slot;
      if (slot === null) throw new Error("no slot");

      // What ingress will do: ask for the proof and check it with its own sealed keys.
      const keys = JSON.parse(
        unseal(provisioner.ingressRing, slot.ingressKeyEnvelope, {
          owner: slot.id,
          kind: "slot_ingress_keys",
        }).toString(),
      ) as { proof: string };
      const nonce = randomBytes(16).toString("hex");
      const health = (await (await fetch(`http://${agent.host}:${agent.port}/healthz?nonce=${nonce}`)).json()) as {
        proof: string;
      };
      expect(health.proof).toBe(identityProof(keys.proof, nonce, slot.id, 1, agentId));

      const firstPid = pidOf(slot.id);
      await provisioner.end("SIGKILL");
      await provisioner.start();
      await sleep(1_500);
      expect([pidOf(slot.id), (await agentAt(agentId)).phase]).toEqual([firstPid, "ready"]);

      // Adopted, so its death is seen by the watch.
      process.kill(firstPid, "SIGKILL");
      await untilPhase(agentId, "failing");
      expect(await untilPhase(agentId, "ready")).toMatchObject({ attempts: 1, slotId: slot.id });
      expect(pidOf(slot.id)).not.toBe(firstPid);

      // A child of our own: its death is seen at once.
      const diedAt = Date.now();
      process.kill(pidOf(slot.id), "SIGKILL");
      await untilPhase(agentId, "failing");
      expect(Date.now() - diedAt).toBeLessThan(3_000);
      await untilPhase(agentId, "ready");
      const { attempts } = await agentAt(agentId);

      expect(await provisioner.end("SIGTERM")).toBe(0);
      expect(await provisioner.slotProcesses()).toEqual([]);
      expect((await agentAt(agentId)).desired).toBe("running");
      await provisioner.start();
      await untilPhase(agentId, "starting");
      expect(await untilPhase(agentId, "ready")).toMatchObject({ attempts });

      await wish(agentId, "deleted");
      expect(await untilPhase(agentId, "deleted")).toMatchObject({ slotId: null, host: null });
      expect([await provisioner.slotProcesses(), slotFolders()]).toEqual([[], []]);
    }, 120_000);

    test("goes on when every database connection is cut, and the queue's server with them", async () => {
      await provisioner.start();
      const cut = () =>
        admin.$queryRaw`SELECT pg_terminate_backend(pid) FROM pg_stat_activity
        WHERE usename = 'automna_provisioner' AND datname = current_database()`;
      const agentId = await deploy();
      for (let i = 0; i < 6; i += 1) {
        await sleep(300);
        await cut();
        if (i === 2) await queue.disturb();
      }
      await untilPhase(agentId, "ready");
      await cut();
      await wish(agentId, "stopped");
      await untilPhase(agentId, "asleep");
      expect(await provisioner.end("SIGTERM")).toBe(0);
    }, 90_000);

    test("goes on after the database was away for a while", async () => {
      await using road = await openRoad(database.urlAs("automna_provisioner"));
      await provisioner.remove();
      provisioner = await makeProvisionerProcess(road.url, queue.redisUrl);
      await provisioner.start();
      const [agentId, other] = [await deploy(), await deploy()];
      await sleep(400);
      road.close();
      await sleep(500);
      await wish(other, "deleted");
      await sleep(3_500);
      await road.open();
      await untilPhase(other, "deleted");
      expect(await untilPhase(agentId, "ready")).toMatchObject({ attempts: 0 });
      road.close();
      // A stop does not wait for a database that is away.
      expect(await provisioner.end("SIGTERM")).toBe(0);
      expect(await provisioner.slotProcesses()).toEqual([]);
    }, 90_000);

    test("killed again and again while agents come and go, it ends with exactly one slot for each that lives", async () => {
      await provisioner.start();
      const agents = [await deploy(), await deploy(), await deploy()];
      const [stays = "", restarts = "", goes = ""] = agents;
      for (const [round, pauseMs] of [120, 700, 1_600, 350, 2_500, 900].entries()) {
        await sleep(pauseMs);
        if (round === 2) await wish(restarts, "running", true);
        if (round === 3) await wish(goes, "deleted");
        await provisioner.end("SIGKILL");
        await provisioner.start();
      }
      await untilPhase(goes, "deleted", 60_000);
      const living = [await untilPhase(stays, "ready", 60_000), await untilPhase(restarts, "ready", 60_000)];
      const slotIds = living.map((agent) => agent.slotId ?? "").toSorted();
      expect(slotFolders().toSorted()).toEqual(slotIds);
      expect(await admin.slot.count({ where: { releasedAt: null } })).toBe(2);
      // One agentd and one gateway each; agentd is what names the slot in its environment.
      const running = await provisioner.slotProcesses();
      expect(
        running.filter(({ pid, parentPid }) => !running.some((other) => other.pid === parentPid) && pid > 0),
      ).toHaveLength(2);
      expect(await provisioner.end("SIGTERM")).toBe(0);
      expect(await provisioner.slotProcesses()).toEqual([]);
    }, 180_000);
  });
