import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { chmodSync, existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { createServer, type AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { findFreePort } from "@automna/testkit/free-port";
import { afterEach, beforeEach, expect, test } from "vitest";
import { readInstance, type Instance } from "./instance.ts";

const PROGRAM = join(import.meta.dirname, "run-up.stand-ins.ts");
const PATIENT = { timeout: 30_000, interval: 50 };

let dataDir: string;
let children: ChildProcess[];
beforeEach(() => {
  dataDir = mkdtempSync(join(tmpdir(), "automna-up-"));
  chmodSync(dataDir, 0o755);
  children = [];
});
afterEach(async () => {
  for (const child of children) {
    if (child.exitCode !== null || child.signalCode !== null) continue;
    child.kill("SIGTERM");
    await once(child, "exit");
  }
  rmSync(dataDir, { recursive: true, force: true });
});

interface Run {
  child: ChildProcess;
  output(): string;
  exit: Promise<number | null>;
}

function up(port: number, ...args: string[]): Run {
  const child = spawn(process.execPath, [PROGRAM, "--port", String(port), "--data-dir", dataDir, ...args], {
    stdio: ["ignore", "pipe", "pipe"],
  });
  children.push(child);
  let text = "";
  child.stdout.on("data", (chunk) => (text += chunk));
  child.stderr.on("data", (chunk) => (text += chunk));
  return { child, output: () => text, exit: once(child, "close").then(([code]) => code as number | null) };
}

async function upAndReady(port: number, ...args: string[]): Promise<Run & { instance: Instance }> {
  const run = up(port, ...args);
  await expect.poll(() => run.output().includes("Ctrl-C stops it") || run.child.exitCode !== null, PATIENT).toBe(true);
  const instance = readInstance(dataDir);
  if (!instance) throw new Error(`not ready:\n${run.output()}`);
  return { ...run, instance };
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}

const pidsOf = ({ services, postgres }: Instance) => [...Object.values(services).map(({ pid }) => pid), postgres.pid];
const linksIn = (text: string) => text.match(/http:\S+start\?token=\S+/g) ?? [];

test("starts, says where it runs, stops with nothing left, and goes on with the same data and secrets", async () => {
  const port = await findFreePort();
  const first = await upAndReady(port);
  expect(first.instance.url).toBe(`http://localhost:${port}`);
  expect(linksIn(first.output())).toEqual([first.instance.startLink]);
  const pids = pidsOf(first.instance);
  expect(pids.every(isAlive)).toBe(true);

  first.child.kill("SIGINT");
  expect(await first.exit).toBe(0);
  expect(pids.filter(isAlive)).toEqual([]);
  expect(readInstance(dataDir)).toBeNull();

  const second = await upAndReady(port);
  second.child.kill("SIGTERM");
  expect(await second.exit).toBe(0);
});

test("a second instance on the same data says where the first runs and gives a fresh link", async () => {
  const port = await findFreePort();
  const first = await upAndReady(port);
  const second = up(await findFreePort());
  expect(await second.exit).toBe(0);
  expect(second.output()).toContain(`already runs on ${dataDir} (process ${first.child.pid})`);
  const [link] = linksIn(second.output());
  expect(link).toContain(first.instance.url);
  expect(link).not.toBe(first.instance.startLink);
  expect(pidsOf(first.instance).every(isAlive)).toBe(true);
});

test("a killed service and a killed database come back, and the instance file knows their new processes", async () => {
  const { instance, output } = await upAndReady(await findFreePort());
  process.kill(instance.services["api"]?.pid ?? 0, "SIGKILL");
  process.kill(instance.postgres.pid, "SIGKILL");
  const pids = () => readInstance(dataDir);
  await expect.poll(() => pids()?.services["api"]?.pid, PATIENT).not.toBe(instance.services["api"]?.pid);
  await expect.poll(() => pids()?.postgres.pid, PATIENT).not.toBe(instance.postgres.pid);
  expect(isAlive(pids()?.postgres.pid ?? 0)).toBe(true);
  await expect.poll(output, PATIENT).toMatch(/postgres is back/);
});

test("when it is killed itself nothing stays behind, and the next start works", async () => {
  const port = await findFreePort();
  const first = await upAndReady(port);
  first.child.kill("SIGKILL");
  await first.exit;
  await expect.poll(() => pidsOf(first.instance).filter(isAlive), PATIENT).toEqual([]);
  await upAndReady(port);
});

test("a database that outlived its guard is stopped by the next start", async () => {
  const port = await findFreePort();
  const first = await upAndReady(port);
  const guard = parentOf(first.instance.postgres.pid);
  process.kill(first.child.pid ?? 0, "SIGSTOP");
  process.kill(guard, "SIGKILL");
  process.kill(first.child.pid ?? 0, "SIGKILL");
  await first.exit;
  expect(isAlive(first.instance.postgres.pid)).toBe(true);
  const second = await upAndReady(port);
  await expect.poll(() => isAlive(first.instance.postgres.pid), PATIENT).toBe(false);
  expect(isAlive(second.instance.postgres.pid)).toBe(true);
});

test("a second Ctrl-C ends a stop that takes too long", async () => {
  const { child, exit, instance } = await upAndReady(await findFreePort());
  process.kill(instance.services["edge"]?.pid ?? 0, "SIGSTOP");
  child.kill("SIGINT");
  await new Promise((resolve) => setTimeout(resolve, 700));
  child.kill("SIGINT");
  expect(await exit).toBe(130);
  await expect.poll(() => pidsOf(instance).filter(isAlive), PATIENT).toEqual([]);
});

test("a taken port is said with the process that has it", async () => {
  const other = createServer().listen(0, "127.0.0.1");
  await once(other, "listening");
  const { port } = other.address() as AddressInfo;
  const run = up(port);
  expect(await run.exit).toBe(1);
  expect(run.output()).toContain(`Port ${port} is taken by process ${process.pid}`);
  other.close();
});

test("a reset asks, and then starts with nothing", async () => {
  const port = await findFreePort();
  const first = await upAndReady(port);
  first.child.kill("SIGTERM");
  await first.exit;
  const unasked = up(port, "--reset");
  expect(await unasked.exit).toBe(1);
  expect(unasked.output()).toContain("--yes");
  expect(existsSync(join(dataDir, "postgres/PG_VERSION"))).toBe(true);
  const second = await upAndReady(port, "--reset", "--yes");
  expect(new URL(second.instance.startLink).searchParams.get("token")).toBeTruthy();
});

function parentOf(pid: number): number {
  const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
  return Number(stat.slice(stat.lastIndexOf(")") + 2).split(" ")[1]);
}
