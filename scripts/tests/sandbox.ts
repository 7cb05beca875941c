import { chmodSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { describeProcess, findProcesses, type ProcessInfo } from "@automna/testkit/processes";
import type { TestCounts } from "./vitest-report.ts";

/** What a test started may still be on its way out when the test's own process has ended. */
const GRACE_MS = 15_000;

/**
 * Runs tests with a temporary folder of their own as TMPDIR. Everything that they start inherits it, so that whatever still
 * runs afterwards is found: it is ended, reported and counted as a failure. The folder goes too.
 */
export async function inSandbox(run: (env: NodeJS.ProcessEnv) => Promise<TestCounts>): Promise<TestCounts> {
  const folder = mkdtempSync(join(tmpdir(), "automna-test-"));
  // As root the database and the agents run as other users.
  chmodSync(folder, 0o755);
  try {
    const counts = await run({ ...process.env, TMPDIR: folder });
    const left = await endLeftovers(folder);
    const leftovers = left.map((each) => `left behind by a test: ${describeProcess(each)}`);
    for (const line of leftovers) console.error(line);
    return { ...counts, failures: [...counts.failures, ...leftovers] };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

async function endLeftovers(folder: string): Promise<ProcessInfo[]> {
  const deadline = Date.now() + GRACE_MS;
  let left = findProcesses({ folder });
  while (left.length > 0 && Date.now() < deadline) {
    await sleep(200);
    left = findProcesses({ folder });
  }
  for (const { pid } of left) process.kill(pid, "SIGKILL");
  return left;
}
