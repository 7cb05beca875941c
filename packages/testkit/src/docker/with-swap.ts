import { rm } from "node:fs/promises";
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { command } from "./command.ts";
import { LABS_FOLDER } from "./sweep-labs.ts";

/** Gives this machine a swap file: swap can't be had for a lab alone. Answers what takes it away again. */
export async function addSwap({ megabytes }: { megabytes: number }): Promise<() => Promise<void>> {
  mkdirSync(LABS_FOLDER, { recursive: true });
  const file = join(LABS_FOLDER, `swap-${process.pid}`);
  const remove = () => rm(file, { force: true });
  try {
    // Holes and, on some file systems, blocks that were never written are refused by swapon.
    await command(["fallocate", `--length=${megabytes}M`, file]);
    await command(["chmod", "600", file]);
    await command(["mkswap", file]);
    await command(["swapon", file]).catch(async () => {
      await command(["dd", "if=/dev/zero", `of=${file}`, "bs=1M", `count=${megabytes}`]);
      await command(["mkswap", file]);
      await command(["swapon", file]);
    });
  } catch (error) {
    await remove();
    throw error;
  }
  return async () => {
    await command(["swapoff", file]);
    await remove();
  };
}

/** The same for as long as `work` takes. */
export async function withSwap<Result>(size: { megabytes: number }, work: () => Promise<Result>): Promise<Result> {
  const remove = await addSwap(size);
  try {
    return await work();
  } finally {
    await remove();
  }
}
