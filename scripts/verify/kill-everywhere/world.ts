import { spawn } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import { AGENTS_QUEUE } from "@automna/contract/jobs";
import { createPrismaClient, type PrismaClient } from "@automna/prisma/client";
import { makePool, type Pool } from "@automna/records/pool";
import { makeSilentLog } from "@automna/service-kit/log";
import { makeJobSender } from "@automna/service-kit/queue";
import { newKeyRingJson } from "@automna/service-kit/secret-box";
import { buildTestImages, testImages, type TestImageName } from "@automna/testkit/docker/images";
import { startLabCell, type LabCell } from "@automna/testkit/docker/lab-cell";
import { findFreePort } from "@automna/testkit/free-port";
import { startTestRedis, type TestRedis } from "@automna/testkit/redis";
import { ensureDocker } from "../../ensure-docker.ts";
import { ensureRedis } from "../../ensure-redis.ts";
import type { ScenarioContext } from "../harness/scenario.ts";
import { startOwnPostgres, type OwnPostgres } from "../steps/own-postgres.ts";

/** Everything around the provisioner, each the real one: a cell, the socket proxy, Postgres with its roles, Redis. */
export interface World {
  cell: LabCell;
  postgres: OwnPostgres;
  redis: TestRedis;
  /** As the services that wish something of agents; `admin` looks, and moves time. */
  db: { api: PrismaClient; provisioner: PrismaClient; admin: PrismaClient; ingress: Pool };
  hint: (agentId: string) => Promise<void>;
  folder: string;
  /** The provisioner's own environment. */
  env: Readonly<Record<string, string>>;
}

const SOCKET_PROXY = fileURLToPath(new URL("../../../socket-proxy/src/main.ts", import.meta.url));
/** A second name of each image, to upgrade to; and one that no engine has. */
export const nextTag = (image: string) => `${image}-next`;
export const MISSING_IMAGE = "automna/tiny-agent:gone";

export async function startWorld(ctx: ScenarioContext, images: readonly TestImageName[]): Promise<World> {
  for (const problem of [await ensureDocker(), await ensureRedis()])
    ctx.must(problem === null, "engines and a Redis of our own can be started here", problem ?? undefined);
  const tar = await buildTestImages(images);
  const folder = await ctx.folder();
  const startedAt = Date.now();
  const [cell, postgres, redis] = await Promise.all([
    startLabCell({ agentNodes: 2, images: [tar] }).then((made) => {
      ctx.onCleanup("remove the cell", () => made.remove());
      return made;
    }),
    startOwnPostgres(ctx, folder),
    startTestRedis().then((made) => {
      ctx.onCleanup("stop Redis", () => made.remove());
      return made;
    }),
  ]);
  for (const { engine } of cell.agentNodes)
    for (const name of images) {
      const [repo = "", tag = ""] = nextTag(testImages[name].tag).split(":");
      await engine.docker.getImage(testImages[name].tag).tag({ repo, tag });
    }
  ctx.figure("seconds to the cell, Postgres and Redis", (Date.now() - startedAt) / 1_000, "s");
  const dockerPort = await startSocketProxy(ctx, cell);
  const db = {
    api: createPrismaClient(postgres.urlAs("automna_api"), { max: 4 }),
    provisioner: createPrismaClient(postgres.urlAs("automna_provisioner"), { max: 2 }),
    admin: createPrismaClient(postgres.urlAs("postgres"), { max: 2 }),
    ingress: makePool(postgres.urlAs("automna_ingress"), { max: 2 }),
  };
  const jobs = makeJobSender(AGENTS_QUEUE, { kind: "redis", url: redis.url }, makeSilentLog());
  ctx.onCleanup("let go of database and queue", async () => {
    await Promise.all([db.api.$disconnect(), db.provisioner.$disconnect(), db.admin.$disconnect(), db.ingress.end()]);
    await jobs.close();
  });
  const { authority, provisioner } = cell.certificates;
  const env = {
    PROVISIONER_DATABASE_URL: postgres.urlAs("automna_provisioner"),
    PROVISIONER_QUEUE_REDIS_URL: redis.url,
    PROVISIONER_RUNTIME: "swarm",
    PROVISIONER_CELL_ID: "lab",
    PROVISIONER_DOCKER_URL: `http://127.0.0.1:${dockerPort}`,
    PROVISIONER_INSTALLATION: cell.installId,
    PROVISIONER_AGENT_IMAGE: testImages.tinyAgent.tag,
    PROVISIONER_AGENT_NETWORK: cell.network,
    PROVISIONER_KEEPER_CA: authority.certificate,
    PROVISIONER_KEEPER_CERTIFICATE: provisioner.certificate,
    PROVISIONER_KEEPER_KEY: provisioner.key,
    PROVISIONER_PORT_RANGE: `${cell.ports.first}-${cell.ports.last}`,
    PROVISIONER_SLOT_WORKING_SET_MB: "64",
    PROVISIONER_EGRESS_URLS: "http://192.0.2.1:4604",
    PROVISIONER_SLOT_KEY_RING: newKeyRingJson(),
    PROVISIONER_INGRESS_KEY_RING: newKeyRingJson(),
    PROVISIONER_SWEEP_MS: "1000",
    // A kill takes whatever the process works on with it, for as long as leases last: one agent each, and many processes.
    PROVISIONER_CONCURRENCY: "1",
  };
  // As the api does it: a hint that can't be sent is lost, the wish is not.
  const hint = (agentId: string) =>
    Promise.race([
      jobs.add("agents.reconcile", { agentId }, { dedupeKey: agentId }).catch(() => undefined),
      new Promise<void>((resolve) => setTimeout(resolve, 1_000).unref()),
    ]);
  return { cell, postgres, redis, db, hint, folder, env };
}

/** The real one, on the manager's socket. Answers its port. */
async function startSocketProxy(ctx: ScenarioContext, cell: LabCell): Promise<number> {
  const port = await findFreePort();
  const env = {
    PATH: process.env["PATH"],
    SOCKET_PROXY_PORT: String(port),
    SOCKET_PROXY_ENGINE_SOCKET: cell.manager.engine.socketPath,
    SOCKET_PROXY_PROFILE: "provisioner",
    SOCKET_PROXY_INSTALL_ID: cell.installId,
    SOCKET_PROXY_IMAGES: "automna/tiny-agent,automna/agent",
    SOCKET_PROXY_PORT_RANGE: `${cell.ports.first}-${cell.ports.last}`,
    SOCKET_PROXY_NETWORK: cell.network,
  };
  const child = spawn(process.execPath, [SOCKET_PROXY], { env, stdio: ["ignore", "ignore", "inherit", "ipc"] });
  ctx.onCleanup("stop the socket proxy", () => child.kill("SIGKILL"));
  const ended = once(child, "exit").then(() => "exit");
  ctx.must(
    (await Promise.race([once(child, "message").then(() => "ready"), ended])) === "ready",
    "the socket proxy runs",
  );
  return port;
}
