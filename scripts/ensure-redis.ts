import { hasRedis, REDIS_PACKAGE } from "@automna/testkit/redis";
import { runProcess } from "./tests/run-process.ts";

/** Null when a Redis can be started here, installing it first where possible; else why not. */
export async function ensureRedis(): Promise<string | null> {
  if (hasRedis()) return null;
  if (process.platform !== "linux" || process.getuid?.() !== 0)
    return `There is no redis-server here (Debian's package ${REDIS_PACKAGE}).`;
  console.log(`  … installing ${REDIS_PACKAGE} (apt-get), the first time only`);
  // The package starts a server of its own, which nobody asked for.
  const env = { ...process.env, DEBIAN_FRONTEND: "noninteractive", RUNLEVEL: "1" };
  const update = await runProcess(["apt-get", "update"], { env });
  const install = await runProcess(["apt-get", "install", "-y", "--no-install-recommends", REDIS_PACKAGE], { env });
  if (hasRedis()) return null;
  const reason = install.code === 0 ? update.output : install.output;
  return `There is no redis-server, and apt-get could not install it: ${reason.trim().split("\n").at(-1)}`;
}
