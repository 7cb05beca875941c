import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { connect } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { findProgram } from "./docker/find-docker.ts";
import { findFreePort } from "./free-port.ts";

/** A real Redis of our own on loopback, with production's settings; it ends with this process, in whatever way. */
export interface TestRedis {
  url: string;
  /** SIGKILL: every connection breaks, and new ones are refused. */
  kill: () => Promise<void>;
  /** Again on what is on its disk. */
  start: () => Promise<void>;
  remove: () => Promise<void>;
}

export const REDIS_PACKAGE = "redis-server";
const START_TIMEOUT_MS = 20_000;

/** True where a Redis can be started; scripts/ensure-redis.ts installs it where that is possible. */
export function hasRedis(): boolean {
  return findProgram("redis-server") !== null;
}

export async function startTestRedis(): Promise<TestRedis> {
  const program = findProgram("redis-server");
  if (program === null) throw new Error(`There is no redis-server (Debian's package ${REDIS_PACKAGE}).`);
  const folder = await mkdtemp(join(tmpdir(), "automna-test-redis-"));
  const port = await findFreePort();
  let child: ChildProcess | null = null;

  const start = async () => {
    // As compose/data.yml has it, but for the password.
    const settings = ["--bind", "127.0.0.1", "--port", String(port), "--dir", folder, "--save", ""];
    const queueSettings = ["--appendonly", "yes", "--appendfsync", "everysec", "--maxmemory-policy", "noeviction"];
    const argv = ["--pdeathsig=KILL", program, ...settings, ...queueSettings];
    child = spawn("setpriv", argv, { stdio: "ignore" });
    const started = child;
    for (const deadline = Date.now() + START_TIMEOUT_MS; ; await sleep(25)) {
      if (await isAnswering(port)) return;
      if (started.exitCode !== null || Date.now() > deadline) throw new Error("redis-server did not start");
    }
  };
  const kill = async () => {
    if (child === null || child.exitCode !== null || child.signalCode !== null) return;
    const ended = once(child, "exit");
    child.kill("SIGKILL");
    await ended;
  };

  await start();
  return {
    url: `redis://127.0.0.1:${port}`,
    kill,
    start,
    async remove() {
      await kill();
      await rm(folder, { recursive: true, force: true });
    },
  };
}

/** Answers PING with PONG, so it has read what is on its disk. */
function isAnswering(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, "127.0.0.1", () => socket.write("PING\r\n"));
    socket.setTimeout(1_000, () => socket.destroy());
    socket.once("data", (answer: Buffer) => {
      resolve(answer.toString().startsWith("+PONG"));
      socket.destroy();
    });
    socket.once("error", () => resolve(false));
    socket.once("close", () => resolve(false));
  });
}
