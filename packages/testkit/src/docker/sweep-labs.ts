import { readdirSync, readFileSync } from "node:fs";
import { rm } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { isRunning, listProcesses } from "../processes.ts";
import { command, commandIfPossible } from "./command.ts";
import { listContainerPids, thaw } from "./container-processes.ts";
import { labNamePrefix } from "./lab-network.ts";

/** Not in a temporary folder: overlay file systems and sockets with short paths. */
export const LABS_FOLDER = "/var/lib/automna-labs";

/** Three random bytes (startSwarmLab). */
const LAB_ID = /^[0-9a-f]{6}$/;

/** Removes what runs left that were killed: engines, namespaces, mounts, folders. A lab whose owner lives stays. */
export async function sweepLabs(): Promise<void> {
  for (const id of listLabs()) {
    const folder = join(LABS_FOLDER, id);
    if (isRunning(ownerOf(folder))) continue;
    await killBelow(folder);
    await commandIfPossible(["ip", "link", "del", `${labNamePrefix}${id}`]);
    const namespaces = await command(["ip", "netns", "list"]).catch(() => "");
    for (const line of namespaces.split("\n").filter((each) => each.startsWith(`${labNamePrefix}-${id}-`))) {
      await commandIfPossible(["ip", "netns", "del", line.split(" ")[0] ?? ""]);
    }
    await removeFolder(folder);
  }
  await sweepSwap();
}

/** Swap files of runs that were killed (with-swap.ts names them by their owner). */
async function sweepSwap(): Promise<void> {
  for (const name of listFolder()) {
    const owner = /^swap-(\d+)$/.exec(name)?.[1];
    if (owner === undefined || isRunning(Number(owner))) continue;
    await commandIfPossible(["swapoff", join(LABS_FOLDER, name)]);
    await rm(join(LABS_FOLDER, name), { force: true });
  }
}

/** Removes what an engine left whose owner was killed. Nobody else may have one there. */
export async function removeAbandoned(folder: string): Promise<void> {
  await killBelow(folder);
  await removeFolder(folder);
}

/** What engines, nodekeepers and containers of a folder still run. */
async function killBelow(folder: string): Promise<void> {
  const containers = await listContainerPids(folder);
  const others = listProcesses().filter(({ command: line }) => line.includes(`${folder}/`));
  for (const pid of [...others.map((each) => each.pid), ...containers]) {
    try {
      process.kill(pid, "SIGKILL");
    } catch {
      // It ended by itself meanwhile.
    }
  }
  containers.forEach(thaw);
  for (let round = 0; containers.some(isRunning) && round < ENDING_ROUNDS; round += 1) await sleep(ENDING_ROUND_MS);
}
const ENDING_ROUNDS = 50;
const ENDING_ROUND_MS = 100;

async function removeFolder(folder: string): Promise<void> {
  const mounts = readFileSync("/proc/self/mountinfo", "utf8")
    .split("\n")
    .map((line) => line.split(" ")[4] ?? "")
    .filter((path) => path.startsWith(`${folder}/`));
  for (const path of mounts.toReversed()) await commandIfPossible(["umount", "--lazy", path]);
  await detachLoopsBelow(folder);
  await rm(folder, { recursive: true, force: true, maxRetries: 5, retryDelay: 200 });
}

/** Where nodekeepers give slots' devices their names. */
export const LAB_DEVICE_DIR = "/dev/automna";

/**
 * Loop devices of files in a folder go with it, and their names; call it while the files are there. Of one that was made
 * in a container the kernel tells the path as it was there: only its end says whose it is.
 */
export async function detachLoopsBelow(folder: string): Promise<void> {
  const printed = await command(["losetup", "--list", "--noheadings", "--output", "NAME,BACK-FILE"]).catch(() => "");
  const ends = await listVolumeEnds(folder);
  const isOurs = (line: string) => line.includes(` ${folder}/`) || ends.some((end) => line.trimEnd().endsWith(end));
  for (const device of printed
    .split("\n")
    .filter(isOurs)
    .map((line) => line.trim().split(/\s+/)[0] ?? "")) {
    await commandIfPossible(["find", LAB_DEVICE_DIR, "-lname", device, "-delete"]);
    await commandIfPossible(["losetup", "--detach", device]);
  }
}

/** `/slt_…/volume.ext4` of each volume below; what engines unpacked is not searched. */
async function listVolumeEnds(folder: string): Promise<string[]> {
  const unpacked = ["-name", "overlay2", "-prune"];
  const printed = await command(["find", folder, ...unpacked, "-o", "-name", "volume.ext4", "-print"]).catch(() => "");
  const paths = printed.split("\n").filter((path) => path !== "");
  return paths.map((path) => `/${path.split("/").slice(-2).join("/")}`);
}

function listLabs(): string[] {
  return listFolder().filter((name) => LAB_ID.test(name));
}

function listFolder(): string[] {
  try {
    return readdirSync(LABS_FOLDER);
  } catch {
    return [];
  }
}

function ownerOf(folder: string): number {
  try {
    return Number(readFileSync(join(folder, "owner"), "utf8"));
  } catch {
    return -1;
  }
}
