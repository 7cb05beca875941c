import { randomBytes } from "node:crypto";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import type { Engine } from "@automna/testkit/docker/engine";
import { commandIfPossible } from "@automna/testkit/docker/command";
import type { ScenarioContext } from "../../harness/scenario.ts";
import { docker, execIn, type Shell } from "./shell.ts";

type CreateOptions = NonNullable<Parameters<Engine["docker"]["createContainer"]>[0]>;
export type HostConfig = NonNullable<CreateOptions["HostConfig"]>;
type Mount = NonNullable<HostConfig["Mounts"]>[number];

/** What of a slot's container is different in its twin. */
export interface Off {
  host?: Partial<HostConfig>;
  /** Instead of the fixed-size volume's stand-in and the limited /tmp. */
  volume?: Mount;
  tmp?: Mount;
  mounts?: readonly Mount[];
  /** Beside the slot's own, as NAME=value. */
  env?: readonly string[];
}

const MEGABYTE = 1_048_576;
const AGENTD_UID = 10_001;
const START_TIMEOUT_MS = 60_000;

/**
 * Runs work in a container that is a slot's over again, from what the engine says of the slot's own, with the real agentd in it, a key and a
 * volume of its own and one thing different. It is removed afterwards.
 */
export async function withTwin<Result>(
  ctx: ScenarioContext,
  { node, containerId }: Shell,
  off: Off,
  work: (twin: Shell) => Promise<Result>,
): Promise<Result> {
  const { docker: engine } = node.engine;
  const { Config: config, HostConfig: host } = await engine.getContainer(containerId).inspect();
  const key = join(await ctx.folder(), "key");
  await writeFile(key, randomBytes(32).toString("base64url"), { mode: 0o400 });
  await commandIfPossible(["chown", String(AGENTD_UID), key]);
  const { Mounts: _, Binds: __, ...hardening } = host;
  const twin = await engine.createContainer({
    Image: config.Image,
    Env: [...(config.Env ?? []), ...(off.env ?? [])],
    Hostname: config.Hostname,
    Labels: {},
    HostConfig: {
      ...hardening,
      // The agents' network takes services alone; what is tried here needs none.
      NetworkMode: "none",
      PortBindings: {},
      RestartPolicy: { Name: "no" },
      Mounts: [
        off.volume ?? { Type: "volume", Source: "", Target: "/data" },
        off.tmp ?? {
          Type: "tmpfs",
          Target: "/tmp",
          Source: "",
          TmpfsOptions: { SizeBytes: 256 * MEGABYTE, Mode: 0o1777 },
        },
        { Type: "bind", Source: key, Target: "/run/secrets/slot-root-key", ReadOnly: true },
        ...(off.mounts ?? []),
      ],
      ...off.host,
    },
  });
  try {
    await twin.start();
    const shell = { node, containerId: twin.id };
    await untilAgentdRuns(ctx, shell);
    return await work(shell);
  } finally {
    await commandIfPossible([...docker(node), "rm", "--force", "--volumes", twin.id]);
  }
}

async function untilAgentdRuns(ctx: ScenarioContext, twin: Shell): Promise<void> {
  for (const deadline = Date.now() + START_TIMEOUT_MS; Date.now() < deadline;) {
    ctx.signal.throwIfAborted();
    const { said } = await execIn(twin, { user: 0, script: "pgrep -o -u 10001" });
    if (/^\d+$/.test(said.trim())) return;
    await sleep(100);
  }
  throw new Error("agentd did not start in a copy of a slot's container");
}
