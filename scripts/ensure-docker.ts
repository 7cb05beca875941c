import { missingDockerPackages } from "@automna/testkit/docker/find-docker";
import { runProcess } from "./tests/run-process.ts";

/** Null when engines of our own can be started here, installing their programs first where possible; else why not. */
export async function ensureDocker(): Promise<string | null> {
  if (process.platform !== "linux") return "Engines of our own need Linux.";
  if (process.getuid?.() !== 0) return "Engines of our own need root.";
  const missing = missingDockerPackages();
  if (missing.length === 0) return null;
  console.log(`  … installing ${missing.join(", ")} (apt-get), the first time only`);
  // The package starts an engine of its own, which nobody asked for.
  const env = { ...process.env, DEBIAN_FRONTEND: "noninteractive", RUNLEVEL: "1" };
  const update = await runProcess(["apt-get", "update"], { env });
  const install = await runProcess(["apt-get", "install", "-y", "--no-install-recommends", ...missing, "tini"], {
    env,
  });
  if (missingDockerPackages().length === 0) return null;
  const reason = install.code === 0 ? update.output : install.output;
  return `There is no Docker engine, and apt-get could not install it: ${reason.trim().split("\n").at(-1)}`;
}
