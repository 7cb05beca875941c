import { mkdtempSync, readFileSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { openGatewayLog } from "./gateway-log.ts";
import { startGateway, type GatewayProcess } from "./gateway-process.ts";
import { findGatewayProcesses } from "./process-sweep.ts";

describe("a gateway's process", () => {
  let folder: string;
  beforeEach(() => (folder = mkdtempSync(join(tmpdir(), "automna-gateway-process-"))));
  afterEach(() => rmSync(folder, { recursive: true, force: true }));

  const mark = () => ({ uid: null, stateDir: folder });
  const start = (program: string): Promise<GatewayProcess> =>
    startGateway({
      argv: [process.execPath, "-e", program],
      environment: { PATH: process.env["PATH"] ?? "", OPENCLAW_STATE_DIR: folder },
      mark: mark(),
      log: openGatewayLog(folder),
    });
  const logged = () => readFileSync(join(folder, "gateway.log"), "utf8");

  /** Starts a child in a group of its own, as OpenClaw does with its workers and tools. */
  const WITH_WORKER = `
    const { spawn } = require("node:child_process");
    spawn(process.execPath, ["-e", "process.on('SIGTERM', () => {}); setInterval(() => {}, 1000)"], { detached: true, stdio: "ignore" }).unref();
    console.log("up"); setInterval(() => {}, 1000);`;

  test("is asked to end first", async () => {
    const gateway = await start(
      `process.on("SIGTERM", () => { console.log("bye"); process.exit(0); }); console.log("up"); setInterval(() => {}, 1000)`,
    );
    await expect.poll(logged).toContain("up");
    expect(await gateway.stop("stopped")).toEqual({ code: 0, signal: null, cause: "stopped" });
    expect(logged()).toContain("bye");
  });

  test("is killed when it does not end in time", async () => {
    const gateway = await start(`process.on("SIGTERM", () => {}); console.log("up"); setInterval(() => {}, 1000)`);
    await expect.poll(logged).toContain("up");
    expect(await gateway.stop("stopped", 200)).toMatchObject({ signal: "SIGKILL" });
    expect(await findGatewayProcesses(mark())).toEqual([]);
  });

  test.each(["SIGTERM", "SIGKILL"] as const)(
    "takes the workers in other process groups along when it ends by %s",
    async (signal) => {
      const gateway = await start(WITH_WORKER);
      await expect.poll(() => findGatewayProcesses(mark())).toHaveLength(2);
      process.kill(gateway.pid, signal);
      expect(await gateway.exited).toMatchObject({ signal });
      expect(await findGatewayProcesses(mark())).toEqual([]);
    },
  );

  test("that can't be started is an error, not a crash", async () => {
    const command = { argv: ["/nonexistent/node"], environment: {}, mark: mark(), log: openGatewayLog(folder) };
    await expect(startGateway(command)).rejects.toThrow("ENOENT");
  });
});

test("the gateway's log never takes more than two caps", () => {
  const folder = mkdtempSync(join(tmpdir(), "automna-gateway-log-"));
  const log = openGatewayLog(folder, 1_000);
  for (let line = 0; line < 100; line += 1) log.write(Buffer.from(`${line}`.padStart(99, ".").concat("\n")));
  log.close();
  expect(statSync(join(folder, "gateway.log")).size).toBeLessThanOrEqual(1_000);
  expect(statSync(join(folder, "gateway.log.1")).size).toBeLessThanOrEqual(1_000);
  expect(readFileSync(join(folder, "gateway.log"), "utf8")).toContain("99\n");
  rmSync(folder, { recursive: true });
});
