import type { ScenarioContext } from "../harness/scenario.ts";
import { makeAttempts, sample } from "../steps/walls/attempt.ts";
import { toWallAttempt } from "../steps/walls/inside-attempt.ts";
import { ownWalls } from "../steps/walls/own-walls.ts";
import { inside, type SlotOnNode } from "./slot.ts";

export interface ExpectedLimits {
  memoryMb: number;
  cpus: number;
  pids: number;
}

/** What the engine says of the running container. */
export async function assertInspected(ctx: ScenarioContext, slot: SlotOnNode, limits: ExpectedLimits): Promise<void> {
  const {
    HostConfig: host,
    Config: config,
    Mounts: mounts,
  } = await slot.node.engine.docker.getContainer(slot.containerId).inspect();
  const is = (sentence: string, condition: boolean, detail: unknown) =>
    ctx.hold(condition, `inspect: ${sentence}`, detail);
  is("the root file system is read-only", host.ReadonlyRootfs === true, host.ReadonlyRootfs);
  is("it is not privileged", host.Privileged === false, host.Privileged);
  is("all capabilities are dropped", String(host.CapDrop) === "ALL", host.CapDrop);
  is(
    "but the three that agentd starts its child with",
    String(host.CapAdd?.toSorted()) === "CAP_KILL,CAP_SETGID,CAP_SETUID",
    host.CapAdd,
  );
  is("memory is limited", host.Memory === limits.memoryMb * 1_048_576, host.Memory);
  is("so are the processors", host.NanoCpus === limits.cpus * 1e9, host.NanoCpus);
  is("and the number of processes", host.PidsLimit === limits.pids, host.PidsLimit);
  is(
    "it has no namespace of the node's",
    host.PidMode === "" && host.IpcMode === "private" && host.NetworkMode?.includes("host") === false,
    [host.PidMode, host.IpcMode, host.NetworkMode],
  );
  const volumes = mounts.filter(({ Type: type }) => type !== "tmpfs");
  is(
    "of the node it has the slot's own volume and nothing else",
    volumes.length === 1 && volumes[0]?.Name === `automna-${slot.slotId}`,
    mounts,
  );
  const secrets = (config.Env ?? []).filter((entry) => /KEY=|TOKEN|PASSWORD|SECRET/.test(entry));
  is("its environment holds no secret", secrets.length === 0, secrets);
}

/** What the agent's own shell is, and has. */
export async function assertFromInside(ctx: ScenarioContext, slot: SlotOnNode): Promise<void> {
  const status = await inside(slot, "cat", "/proc/self/status");
  const gateway = await inside(
    slot,
    "sh",
    "-c",
    "for f in /proc/[0-9]*/status; do grep -qs '^Uid:.10002' $f && cat $f; done; true",
  );
  for (const [who, text] of [
    ["a shell", status],
    ["the gateway", gateway],
  ] as const) {
    const capabilities = [...text.matchAll(/^Cap(?:Inh|Prm|Eff|Amb):\s+(\w+)$/gm)].map((match) => match[1]);
    const isBare = capabilities.length > 0 && capabilities.every((set) => Number(`0x${set}`) === 0);
    ctx.hold(isBare, `inside: ${who} has no capability`, capabilities);
    const privileges = [...text.matchAll(/^NoNewPrivs:\s+(\d)$/gm)].map((match) => match[1]);
    ctx.hold(
      privileges.length > 0 && privileges.every((flag) => flag === "1"),
      `inside: ${who} can get no new privileges`,
      privileges,
    );
  }
  const full = await inside(slot, "sh", "-c", "fallocate -l 1T /data/state/full 2>&1").catch(
    (error: Error) => error.message,
  );
  ctx.hold(/No space left|too large/i.test(full), "inside: its disk ends where its volume does", full);
  await inside(slot, "rm", "-f", "/data/state/full");
}

/** What it tries on its own container, each time first in a copy without the one guard; `tenant-walls` tries the rest. */
export async function attackFromInside(ctx: ScenarioContext, slot: SlotOnNode): Promise<void> {
  await makeAttempts(
    ctx,
    sample(ctx, ownWalls).map((attempt) => toWallAttempt(ctx, slot, attempt)),
  );
}
