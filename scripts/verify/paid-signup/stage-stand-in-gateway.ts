import { cp, link, copyFile, mkdir, writeFile, chmod } from "node:fs/promises";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { inCheckout } from "../../bootstrap/paths.mjs";
import type { ScenarioContext } from "../harness/scenario.ts";

/** Copies the stand-in for OpenClaw to where every agent's user may read it. Returns the command that starts it. */
export async function stageStandInGateway(ctx: ScenarioContext): Promise<[string, string]> {
  const folder = await ctx.folder();
  const program = fileURLToPath(import.meta.resolve("@automna/testkit/stand-in-gateway"));
  await writeFile(join(folder, "package.json"), '{"type":"module"}');
  for (const name of ["stand-in-gateway.ts", "stand-in-gateway-files.ts"])
    await cp(join(dirname(program), name), join(folder, name));
  await mkdir(join(folder, "node_modules"));
  await cp(inCheckout("node_modules/ws"), join(folder, "node_modules/ws"), { recursive: true });
  const node = join(folder, "node");
  await link(process.execPath, node).catch(() => copyFile(process.execPath, node));
  await chmod(node, 0o755);
  return [node, join(folder, "stand-in-gateway.ts")];
}
