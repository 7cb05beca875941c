import { spawn } from "node:child_process";
import { once } from "node:events";
import { readlinkSync, statSync } from "node:fs";
import { chmod, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { findFreePort } from "@automna/testkit/free-port";
import type { ScenarioContext } from "../harness/scenario.ts";
import { makeAttempts, sample } from "../steps/walls/attempt.ts";
import { toWallAttempt } from "../steps/walls/inside-attempt.ts";
import { ownWalls } from "../steps/walls/own-walls.ts";
import { listenOnNode, plant } from "./far-ends.ts";
import { foreignWalls, type Plants } from "./foreign-walls.ts";
import type { Place } from "./place.ts";

/** What A's shell, and root in A's container, try on the container's own walls. */
export async function attackFromInside(ctx: ScenarioContext, place: Place): Promise<void> {
  const foreign = foreignWalls(await plantInside(ctx, place));
  await makeAttempts(
    ctx,
    sample(ctx, [...ownWalls, ...foreign]).map((attempt) => toWallAttempt(ctx, place.attacker, attempt)),
  );
}

/** Puts something to find wherever a container must not look. */
async function plantInside(ctx: ScenarioContext, place: Place): Promise<Plants> {
  const { node } = place.attacker;
  const nonce = () => ctx.random.hex(32);
  const plants = { nodeNonce: nonce(), processNonce: nonce(), loopbackNonce: nonce(), neighbourNonce: nonce() };
  const nodeFile = join(await ctx.folder(), "of-the-node");
  await writeFile(nodeFile, plants.nodeNonce);
  await chmod(nodeFile, 0o644);
  const processMark = "a-process-of-the-node=";
  const marked = spawn(process.execPath, ["-e", "setInterval(() => 0, 1000)", `${processMark}${plants.processNonce}`], {
    stdio: "ignore",
  });
  ctx.onCleanup("end a marked process", () => marked.kill("SIGKILL"));
  await once(marked, "spawn");
  const loopbackPort = await findFreePort();
  await listenOnNode(ctx, node, { nonce: plants.loopbackNonce, tcp: [loopbackPort], udp: [] });
  await plant(place.neighbour, "/data/state/planted", plants.neighbourNonce);
  const path = readlinkSync(`/dev/automna/${place.neighbour.slotId}`);
  const { rdev } = statSync(path);
  const { ID: engineId } = (await node.engine.docker.info()) as { ID: string };
  return {
    ...plants,
    engineSocket: node.engine.socketPath,
    engineId,
    nodeFile,
    processMark,
    loopbackPort,
    // As the kernel packs small ones.
    neighbourDevice: { path, major: (rdev >> 8) & 0xfff, minor: rdev & 0xff },
  };
}
