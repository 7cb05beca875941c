import { statfs } from "node:fs/promises";
import { createPrismaClient } from "@automna/prisma/client";
import { addSwap } from "@automna/testkit/docker/with-swap";
import { countFreezes } from "./density/freezes.ts";
import { assertNothingLost, runCycles } from "./density/cycles.ts";
import { measureDoze, report } from "./density/measure-doze.ts";
import { moveIn, putToDeepDoze, type House, type Resident } from "./density/resident.ts";
import { listRunning } from "./density/slot-memory.ts";
import type { Scenario, ScenarioContext } from "./harness/scenario.ts";
import { ensureDocker } from "../ensure-docker.ts";
import { adminDatabaseUrl } from "./steps/database.ts";
import { startSwarmInstallation } from "./steps/swarm-cell.ts";

export const scenario: Scenario = {
  name: "density",
  title:
    "many dozing slots on one node: their memory, their processor time, how fast they wake, and that no message is lost",
  needsDocker: true,
  run,
};

// What OpenClaw takes when it is awake, twenty times, and some.
const full = {
  slots: 20,
  together: 7,
  idleMs: 75_000,
  windowMs: 60_000,
  swapMb: 25_000,
  cycles: { rounds: 5, deep: 2, edge: 18 },
};
const quick = {
  slots: 2,
  together: 2,
  idleMs: 0,
  windowMs: 5_000,
  swapMb: 1_500,
  cycles: { rounds: 1, deep: 2, edge: 4 },
};

/** Of the disk, for everything besides the swap. */
const REST_MB = 6_000;
const MEGABYTE = 1_048_576;

async function run(ctx: ScenarioContext): Promise<void> {
  const { slots, together, idleMs, windowMs, swapMb, cycles } = ctx.isQuick ? quick : full;
  const problem = await ensureDocker();
  ctx.must(problem === null, "engines of our own can be started here", problem ?? undefined);
  const { bavail, bsize } = await statfs("/var/lib");
  const freeMb = Math.floor((bavail * bsize) / MEGABYTE);
  ctx.must(freeMb >= swapMb + REST_MB, `the disk has ${swapMb + REST_MB} MB for swap, images and volumes`, freeMb);
  // Before anything that uses it, so that it goes last: by then nothing has to come back from it.
  const removeSwap = await addSwap({ megabytes: swapMb });
  ctx.onCleanup("take the swap away", removeSwap);
  const installation = await startSwarmInstallation(ctx, {
    agentNodes: 1,
    image: ctx.isQuick ? "tinyAgent" : "agent",
    // Three boots at a time: a boot is about 20 seconds of one core, and waits for the disk in between.
    settings: { PROVISIONER_START_GATE_CPU_S: "60", PROVISIONER_BOOT_COST_CPU_S: "20" },
  });
  const { product, fake } = installation;
  fake.setReply(({ user }) => `Yes: ${fake.nonce} to ${user.match(/question [0-9a-f]+/g)?.at(-1) ?? "nothing"}`);
  const db = createPrismaClient(adminDatabaseUrl(product), { max: 4 });
  ctx.onCleanup("let go of the database", () => db.$disconnect());
  const house: House = { ctx, installation, db, idleMs, freezes: await countFreezes(ctx, installation) };

  const residents = await fill(house, slots, together);
  await measureDoze(house, slots, windowMs);
  // The small image boots faster than Swarm starts it.
  await runCycles(house, residents, { ...cycles, isRatioHeld: !ctx.isQuick });
  await assertNothingLost(house, residents);
}

/** A few at a time, each put to doze before the next comes: awake, a real gateway takes most of a gigabyte. */
async function fill(house: House, slots: number, together: number): Promise<Resident[]> {
  const residents: Resident[] = [];
  const awakeMb: number[] = [];
  const startedAt = performance.now();
  let next = 0;
  const lane = async () => {
    while (next < slots) {
      const resident = await moveIn(house, next++);
      awakeMb.push((await listRunning(house)).get(resident.slotId)?.memoryMb ?? 0);
      await putToDeepDoze(house, resident);
      house.ctx.log(`  ${residents.push(resident)} of ${slots} slots`);
    }
  };
  await Promise.all(Array.from({ length: together }, lane));
  house.ctx.figure("to fill the node", (performance.now() - startedAt) / 1_000, "s");
  report(house, "memory of an awake slot", awakeMb);
  return residents;
}
