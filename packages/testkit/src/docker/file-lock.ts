import { spawn } from "node:child_process";
import { mkdirSync } from "node:fs";
import { dirname } from "node:path";
import { once } from "node:events";

/**
 * Runs the task while no other process of this machine runs one under the same path. The kernel frees the lock with its
 * holder, however that ends.
 */
export async function withFileLock<Result>(path: string, task: () => Promise<Result>): Promise<Result> {
  mkdirSync(dirname(path), { recursive: true });
  // The holder lives as long as its input is open: ours, which closes with us.
  const holder = spawn("flock", ["--exclusive", path, "sh", "-c", "echo held; exec cat"], {
    stdio: ["pipe", "pipe", "inherit"],
  });
  const ended = once(holder, "exit");
  await Promise.race([
    once(holder.stdout, "data"),
    ended.then(() => {
      throw new Error(`flock could not take ${path}`);
    }),
  ]);
  try {
    return await task();
  } finally {
    holder.stdin.end();
    await ended;
  }
}
