import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { cacheDir } from "./cache-dir.mjs";

const LOCK_FILE = fileURLToPath(new URL("../../../agent/gateway/package-lock.json", import.meta.url));

/**
 * Folder whose node_modules holds the pinned OpenClaw: AUTOMNA_GATEWAY_DIR, else the one that bootstrap installs in the
 * cache for exactly this lock file. Not checked for existence.
 */
export function gatewayDir(env: Record<string, string | undefined> = process.env): string {
  const given = env["AUTOMNA_GATEWAY_DIR"];
  if (given !== undefined && given !== "") return given;
  // The name that scripts/bootstrap/gateway.mjs gives it.
  const lockHash = createHash("sha256").update(readFileSync(LOCK_FILE)).update("\0").digest("hex");
  return join(cacheDir(env), `gateway-${lockHash.slice(0, 16)}`);
}
