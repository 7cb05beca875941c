import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { makeSupervisor, type Supervisor } from "./supervise.ts";
import type { ServiceSpec } from "./supervise-service.ts";

let folder: string;
let supervisor: Supervisor;
let pids: Map<string, number[]>;
let lines: string[];

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "automna-supervise-"));
  pids = new Map();
  lines = [];
  supervisor = makeSupervisor({
    logDir: folder,
    report: (line) => lines.push(line),
    onReady: (name, pid) => pids.set(name, [...(pids.get(name) ?? []), pid]),
  });
});
afterEach(async () => {
  supervisor.kill();
  await rm(folder, { recursive: true, force: true });
});

async function service(name: string, code: string, stopTimeoutMs = 5_000): Promise<ServiceSpec> {
  const file = join(folder, `${name}.mjs`);
  await writeFile(file, `import { spawn } from 'node:child_process';\n${code}`);
  return { name, command: [process.execPath, file], env: { PATH: process.env["PATH"] ?? "" }, stopTimeoutMs };
}

const POLITE = `
  setInterval(() => {}, 1000);
  process.on('SIGTERM', () => process.exit(0));
  process.on('disconnect', () => process.exit(0));
  console.log('hello from', process.pid);
  process.send({ type: 'ready' });`;

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}

const lastPid = (name: string) => pids.get(name)?.at(-1) ?? 0;

test("a killed service comes back with a new process, and its output is in its log", async () => {
  await supervisor.start(await service("api", POLITE));
  const before = lastPid("api");
  process.kill(before, "SIGKILL");
  await expect.poll(() => pids.get("api")?.length, { timeout: 5_000 }).toBe(2);
  expect(lastPid("api")).not.toBe(before);
  expect(lines.join("\n")).toContain("api ended (SIGKILL)");
  expect(await readFile(join(folder, "api.log"), "utf8")).toContain(`hello from ${before}`);
});

test("what a killed service had started is killed with it", async () => {
  const code = `const child = spawn('sleep', ['600']); console.log('child', child.pid);${POLITE}`;
  await supervisor.start(await service("api", code));
  const log = await readFile(join(folder, "api.log"), "utf8");
  const grandchild = Number(/child (\d+)/.exec(log)?.[1]);
  expect(isAlive(grandchild)).toBe(true);
  process.kill(lastPid("api"), "SIGKILL");
  await expect.poll(() => isAlive(grandchild), { timeout: 5_000 }).toBe(false);
});

test("services stop in the order given, and are not started again", async () => {
  const order = join(folder, "order");
  const code = (name: string) => `
    import { appendFileSync } from 'node:fs';
    setInterval(() => {}, 1000);
    process.on('SIGTERM', () => setTimeout(() => { appendFileSync('${order}', '${name} '); process.exit(0); }, 50));
    process.send({ type: 'ready' });`;
  for (const name of ["one", "two", "three"]) await supervisor.start(await service(name, code(name)));
  await supervisor.stop(["three", "never-started", "one", "two"]);
  expect(await readFile(order, "utf8")).toBe("three one two ");
  for (const list of pids.values()) {
    expect(list).toHaveLength(1);
    expect(isAlive(list[0] ?? 0)).toBe(false);
  }
});

test("a service that does not stop in time is killed", async () => {
  const code = `process.on('SIGTERM', () => {}); setInterval(() => {}, 1000); process.send({ type: 'ready' });`;
  await supervisor.start(await service("stubborn", code, 200));
  await supervisor.stop(["stubborn"]);
  expect(isAlive(lastPid("stubborn"))).toBe(false);
});

test("a service that cannot start is given up with its last words", async () => {
  const broken = await service("broken", `console.error('the key ring is missing'); process.exit(3);`);
  await expect(supervisor.start(broken)).rejects.toThrow(/broken does not start:\n {4}.*the key ring is missing/s);
});

test("stopping during the wait before a restart does not restart", async () => {
  await supervisor.start(await service("api", POLITE));
  process.kill(lastPid("api"), "SIGKILL");
  await expect.poll(() => lines.length).toBeGreaterThan(0);
  await supervisor.stop(["api"]);
  await new Promise((resolve) => setTimeout(resolve, 500));
  expect(pids.get("api")).toHaveLength(1);
});
