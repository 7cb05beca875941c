import { randomBytes } from "node:crypto";
import { readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { makeStartToken, startLink } from "@automna/service-kit/start-link";

/** How long a printed link can be used, ms. Running `up` again prints a fresh one. */
const START_LINK_LIFETIME_MS = 60 * 60 * 1000;

/** What a running installation tells about itself, in <data>/run/instance.json, to a second `up` and to scenarios. */
export interface Instance {
  pid: number;
  url: string;
  startLink: string;
  /** By service name; pids change with restarts. */
  services: Record<string, { pid: number; url: string | null }>;
  postgres: { pid: number; port: number };
  gatewayDir: string;
}

export function lockFile(dataDir: string): string {
  return join(dataDir, ".instance.lock");
}

/** Null when no instance has written one: it is still starting, or gone. */
export function readInstance(dataDir: string): Instance | null {
  try {
    return JSON.parse(readFileSync(instanceFile(dataDir), "utf8")) as Instance;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return null;
    throw error;
  }
}

/** Readers see the old file or the new one, never half of it. */
export function writeInstance(dataDir: string, instance: Instance): void {
  const path = instanceFile(dataDir);
  writeFileSync(`${path}.new`, `${JSON.stringify(instance, null, 2)}\n`, { mode: 0o600 });
  renameSync(`${path}.new`, path);
}

export function removeInstance(dataDir: string): void {
  rmSync(instanceFile(dataDir), { force: true });
}

/** A link that admits one browser to the sign-in page, once. */
export function makeStartLink(origin: string, startKey: string, nowMs: number): string {
  const nonce = randomBytes(16).toString("base64url");
  return startLink(origin, makeStartToken(startKey, { nonce, expiresAtMs: nowMs + START_LINK_LIFETIME_MS }));
}

function instanceFile(dataDir: string): string {
  return join(dataDir, "run", "instance.json");
}
