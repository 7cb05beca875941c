import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { createInterface } from "node:readline";
import { expect, test } from "vitest";

const PROGRAM = `
  import { startTestPostgres } from ${JSON.stringify(join(import.meta.dirname, "postgres.ts"))};
  import pg from ${JSON.stringify(import.meta.resolve("pg"))};
  const { adminUrl } = await startTestPostgres();
  const client = new pg.Client({ connectionString: adminUrl });
  client.on("error", () => {}); // One test kills the server.
  await client.connect();
  const { rows } = await client.query("select pg_backend_pid() as pid, current_setting('data_directory') as dir");
  console.log(JSON.stringify(rows[0]));
  setInterval(() => {}, 1000);
`;

async function startProgram() {
  const child = spawn(process.execPath, ["--input-type=module", "-e", PROGRAM], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  const [line] = (await once(createInterface({ input: child.stdout }), "line")) as [string];
  const { dir } = JSON.parse(line) as { dir: string };
  const pidFile = await readFile(join(dir, "postmaster.pid"), "utf8");
  return { child, folder: dirname(dir), postmaster: Number(pidFile.split("\n")[0]) };
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}

test.each(["SIGKILL", "SIGINT", "SIGTERM"] as const)(
  "nothing of the server is left after %s of its owner",
  async (signal) => {
    const { child, folder, postmaster } = await startProgram();
    expect(isAlive(postmaster)).toBe(true);
    child.kill(signal);
    await expect.poll(() => isAlive(postmaster), { timeout: 15_000 }).toBe(false);
    await expect.poll(() => existsSync(folder), { timeout: 15_000 }).toBe(false);
  },
);

test("a server that is killed itself leaves nothing either", async () => {
  const { child, postmaster, folder } = await startProgram();
  process.kill(postmaster, "SIGKILL");
  await expect.poll(() => existsSync(folder), { timeout: 15_000 }).toBe(false);
  child.kill("SIGKILL");
});
