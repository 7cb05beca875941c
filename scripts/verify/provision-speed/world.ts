import { createPrismaClient, type PrismaClient } from "@automna/prisma/client";
import { setWarmPause } from "@automna/records/warm-slots";
import { ensureCell } from "@automna/records/nodes";
import { buildTestImage, testImages } from "@automna/testkit/docker/images";
import { startLabCell, type LabCell } from "@automna/testkit/docker/lab-cell";
import { createTestDatabase, startTestPostgres } from "@automna/testkit/postgres";
import { Agent } from "undici";
import { makeAgentdClient, type AgentdClient } from "../../../provisioner/src/agents/agentd-client.ts";
import { makeKeeperPools } from "../../../provisioner/src/nodekeeper/keeper-pools.ts";
import { makeNodekeeperClient } from "../../../provisioner/src/nodekeeper/nodekeeper-client.ts";
import { makeSlotKeeper } from "../../../provisioner/src/nodekeeper/slot-keeper.ts";
import type { SlotKeeper } from "../../../provisioner/src/swarm/slot-keeper.ts";
import {
  newRings,
  startSwarmProvisioner,
  type SwarmProvisioner,
} from "../../../provisioner/src/testing/swarm-provisioner.ts";
import { ensureDocker } from "../../ensure-docker.ts";
import type { ScenarioContext } from "../harness/scenario.ts";
import { startSocketProxy } from "../steps/socket-proxy.ts";

export interface SpeedWorld {
  cell: LabCell;
  /** As the owner of the tables: who deploys is api, who is not part of this. */
  db: PrismaClient;
  image: string;
  /** The database as the provisioner's own role. */
  provisionerUrl: string;
  /** Of the socket proxy, the provisioner's only way to the manager. */
  dockerUrl: string;
  rings: ReturnType<typeof newRings>;
  agentd: AgentdClient;
  /** The same hands on the nodes that the provisioner has; `placeSlot` says where a slot of ours lies. */
  keeper: SlotKeeper;
  placeSlot: (slotId: string, nodeId: string) => void;
  /** The real service, as its own database role. */
  provisioner: SwarmProvisioner;
}

export const CELL_ID = "lab";
/** The bare engine's slots publish other ports than the product's. */
export const PORTS = { product: { first: 20_000, last: 20_499 }, bare: { first: 20_500, last: 20_999 } } as const;
export const EGRESS_URL = "http://192.0.2.1:4604";
/** The tiny image's own: fifty of them fit on the nodes side by side. */
const WORKING_SET_MB = 200;

export async function startSpeedWorld(
  ctx: ScenarioContext,
  { warmPerNode }: { warmPerNode: number },
): Promise<SpeedWorld> {
  const problem = await ensureDocker();
  ctx.must(problem === null, "engines of our own can be started here", problem ?? undefined);
  const tar = await buildTestImage("tinyAgent");
  const startedAt = Date.now();
  const cell = await startLabCell({ agentNodes: 2, images: [tar] });
  ctx.onCleanup("remove the cell", () => cell.remove());
  ctx.figure("seconds to the cell", (Date.now() - startedAt) / 1_000, "s");
  const postgres = await startTestPostgres();
  ctx.onCleanup("the Postgres server", postgres.stop);
  const database = await createTestDatabase(postgres.adminUrl);
  const db = createPrismaClient(database.url, { max: 6 });
  ctx.onCleanup("let go of the database", () => db.$disconnect());
  // Paused from the first moment on: what is measured first is what has no warm slots.
  await ensureCell(db, { id: CELL_ID, runtime: "swarm" });
  await db.$transaction((tx) => setWarmPause(tx, { cellId: CELL_ID, pausedAt: new Date() }));

  const image = testImages.tinyAgent.tag;
  const dockerUrl = await startSocketProxy(ctx, cell, [image.split(":")[0] ?? ""]);
  const provisionerUrl = database.urlAs("automna_provisioner");
  const rings = newRings();
  const provisioner = await startSwarmProvisioner({
    cell,
    databaseUrl: provisionerUrl,
    image,
    rings,
    settings: {
      PROVISIONER_DOCKER_URL: dockerUrl,
      PROVISIONER_PORT_RANGE: `${PORTS.product.first}-${PORTS.product.last}`,
      PROVISIONER_SLOT_WORKING_SET_MB: String(WORKING_SET_MB),
      PROVISIONER_EGRESS_URLS: EGRESS_URL,
      PROVISIONER_WARM_SLOTS: `starter=${warmPerNode}`,
      PROVISIONER_SWEEP_MS: "5000",
      PROVISIONER_LOG_LEVEL: "info",
    },
  });
  ctx.onCleanup("end the provisioner", () => provisioner.kill());
  await ctx.eventually(
    "the provisioner knows its nodes",
    async () => ((await db.node.count({ where: { cellId: CELL_ID, lostSince: null } })) === 2 ? true : null),
    { timeoutMs: 30_000 },
  );
  const dispatcher = new Agent({ connect: { timeout: 3_000 } });
  ctx.onCleanup("let go of the slots", () => dispatcher.destroy());
  return {
    cell,
    db,
    image,
    provisionerUrl,
    dockerUrl,
    rings,
    provisioner,
    agentd: makeAgentdClient(dispatcher),
    ...makeHands(ctx, cell),
  };
}

function makeHands(ctx: ScenarioContext, cell: LabCell): Pick<SpeedWorld, "keeper" | "placeSlot"> {
  const pools = makeKeeperPools({ ca: cell.certificates.authority.certificate, ...cell.certificates.provisioner });
  ctx.onCleanup("let go of the nodekeepers", () => pools.close());
  const places = new Map<string, string>();
  const keeperOn = (nodeId: string) => {
    const keeper = cell.keepers.get(nodeId);
    if (keeper === undefined) throw new Error(`no nodekeeper on ${nodeId}`);
    return { name: keeper.name, keeperUrl: keeper.url };
  };
  const directory = {
    ofSlot: async (slotId: string) => keeperOn(places.get(slotId) ?? ""),
    byId: async (nodeId: string) => keeperOn(nodeId),
  };
  return {
    keeper: makeSlotKeeper(makeNodekeeperClient(pools), directory),
    placeSlot: (slotId, nodeId) => void places.set(slotId, nodeId),
  };
}
