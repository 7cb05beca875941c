import { randomUUID } from "node:crypto";
import type { CellAction } from "@automna/core/operators/cell-action";
import { createPrismaClient } from "@automna/prisma/client";
import { changeDesired, findAgent, type AgentRecord } from "@automna/records/agents";
import type { Database } from "@automna/records/database";
import { findSlotOfAgent, type SlotRecord } from "@automna/records/slots";
import { command } from "@automna/testkit/docker/command";
import { buildTestImage, testImages } from "@automna/testkit/docker/images";
import { startLabCell, type LabCell } from "@automna/testkit/docker/lab-cell";
import type { LabNode } from "@automna/testkit/docker/swarm-lab";
import { createTestDatabase, startTestPostgres } from "@automna/testkit/postgres";
import { actOnCells } from "../../../api/src/admin/cells/act-on-cells.ts";
import { newRings, startSwarmProvisioner } from "../../../provisioner/src/testing/swarm-provisioner.ts";
import { addCustomer, wishAgent } from "../../../provisioner/src/testing/wished-agents.ts";
import { ensureDocker } from "../../ensure-docker.ts";
import type { ScenarioContext } from "../harness/scenario.ts";

/** Where an agent keeps what it must not lose. */
const PROOF_FILE = "/data/state/proof";
const AGENT_UID = 10_002;

/** A manager and nodes that carry slots, the real provisioner and nodekeepers, and an operator. */
export interface World {
  cell: LabCell;
  /** The superuser's view. */
  db: Database;
  deploy: () => Promise<string>;
  remove: (agentId: string) => Promise<void>;
  agent: (agentId: string) => Promise<AgentRecord>;
  slot: (agentId: string) => Promise<SlotRecord>;
  /** Does something as an operator, through the api's own code and database role. */
  act: (action: CellAction) => Promise<void>;
  /** Running containers of the slot on every node whose engine answers, also on one that is cut off. */
  containers: (slotId: string) => Promise<{ id: string; nodeId: string }[]>;
  /** Writes a word into the agent's volume, from inside its container. */
  writeProof: (agentId: string, word: string) => Promise<void>;
  readProof: (agentId: string) => Promise<string>;
}

/** A scenario, or a test: what a world needs of who wants it. */
export type WorldOwner = Pick<ScenarioContext, "figure" | "must" | "onCleanup">;

export async function makeWorld(ctx: WorldOwner, { agentNodes = 3 } = {}): Promise<World> {
  const problem = await ensureDocker();
  ctx.must(problem === null, "engines of our own can be started here", problem ?? undefined);
  const tar = await buildTestImage("tinyAgent");
  const postgres = await startTestPostgres();
  ctx.onCleanup("stop Postgres", () => postgres.stop());
  const database = await createTestDatabase(postgres.adminUrl);
  const db = createPrismaClient(database.url, { max: 4 });
  const apiDb = createPrismaClient(database.urlAs("automna_api"), { max: 2 });
  ctx.onCleanup("close the database", () => Promise.all([db.$disconnect(), apiDb.$disconnect()]));
  const startedAt = Date.now();
  const cell = await startLabCell({ agentNodes, images: [tar] });
  ctx.onCleanup("remove the lab", () => cell.remove());
  ctx.figure("seconds to the cell", (Date.now() - startedAt) / 1_000, "s");
  const image = testImages.tinyAgent.tag;
  const databaseUrl = database.urlAs("automna_provisioner");
  const provisioner = await startSwarmProvisioner({ cell, databaseUrl, image, rings: newRings() });
  ctx.onCleanup("stop the provisioner", () => provisioner.kill());

  const agent = async (agentId: string) => {
    const found = await findAgent(db, agentId);
    if (found === null) throw new Error(`${agentId} has no record`);
    return found;
  };
  const slot = async (agentId: string) => {
    const found = await findSlotOfAgent(db, agentId);
    if (found === null) throw new Error(`${agentId} has no slot`);
    return found;
  };
  const containers: World["containers"] = async (slotId) => {
    const filters = { label: [`automna.slot=${slotId}`] };
    const lists = cell.agentNodes.map(async (node) => {
      // An engine that was killed has no containers that run.
      const found = await node.engine.docker.listContainers({ filters }).catch(() => []);
      return found.map(({ Id: id }) => ({ id, nodeId: node.nodeId }));
    });
    return (await Promise.all(lists)).flat();
  };
  const inside = async (agentId: string, ...argv: string[]) => {
    const [container] = await containers((await slot(agentId)).id);
    if (container === undefined) throw new Error(`${agentId} runs nowhere`);
    const { engine } = nodeOf(cell, container.nodeId);
    const host = `--host=unix://${engine.socketPath}`;
    return command(["docker", host, "exec", `--user=${AGENT_UID}`, container.id, ...argv]);
  };
  return {
    cell,
    db,
    agent,
    slot,
    containers,
    deploy: async () => wishAgent(db, await addCustomer(db)),
    async remove(agentId) {
      await changeDesired(db, { agentId, desired: "deleted", isRestart: false, assertPossible: () => undefined });
    },
    async act(action) {
      const deps = { db: apiDb, hint: async () => undefined, now: Date.now };
      await actOnCells(deps, { key: randomUUID(), operatorId: "user_operator", reason: "the scenario", action });
    },
    // An argument of its own: nothing of the word is read by a shell.
    writeProof: async (agentId, word) =>
      void (await inside(agentId, "node", "-e", `fs.writeFileSync("${PROOF_FILE}", process.argv[1])`, word)),
    readProof: (agentId) => inside(agentId, "cat", PROOF_FILE),
  };
}

export function nodeOf({ agentNodes }: LabCell, nodeId: string): LabNode {
  const node = agentNodes.find((one) => one.nodeId === nodeId);
  if (node === undefined) throw new Error(`no node ${nodeId} in the lab`);
  return node;
}
