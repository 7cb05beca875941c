import { rm } from "node:fs/promises";
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { command } from "./command.ts";
import { LABS_FOLDER } from "./sweep-labs.ts";

/** Gives this machine a swap file for as long as `work` takes: swap can't be had for a lab alone. */
export async function withSwap<Result>(
  { megabytes }: { megabytes: number },
  work: () => Promise<Result>,
): Promise<Result> {
  mkdirSync(LABS_FOLDER, { recursive: true });
  const file = join(LABS_FOLDER, `swap-${process.pid}`);
  await command(["dd", "if=/dev/zero", `of=${file}`, "bs=1M", `count=${megabytes}`]);
  await command(["chmod", "600", file]);
  await command(["mkswap", file]);
  await command(["swapon", file]);
  try {
    return await work();
  } finally {
    await command(["swapoff", file]);
    await rm(file);
  }
}
