import { readFileSync } from "node:fs";
import { findChromium } from "@automna/testkit/browser";
import { runProcess } from "./tests/run-process.ts";

/** Path of a Chromium, installed first when that is possible here; else a sentence that says why there is none. */
export async function ensureBrowser(): Promise<{ path: string } | { missing: string }> {
  const found = findChromium();
  if (found !== null) return { path: found };
  if (process.getuid?.() !== 0 || !isDebian()) {
    return { missing: "There is no Chromium. Install one, or set CHROMIUM_PATH." };
  }
  console.log("  … installing Chromium (apt-get), the first time only");
  const env = { ...process.env, DEBIAN_FRONTEND: "noninteractive" };
  const update = await runProcess(["apt-get", "update"], { env });
  const install = await runProcess(["apt-get", "install", "-y", "--no-install-recommends", "chromium"], { env });
  const path = findChromium();
  if (path !== null) return { path };
  const reason = install.code === 0 ? update.output : install.output;
  return { missing: `There is no Chromium, and apt-get could not install it: ${reason.trim().split("\n").at(-1)}` };
}

function isDebian(): boolean {
  try {
    return /^ID(_LIKE)?=.*(debian|ubuntu)/m.test(readFileSync("/etc/os-release", "utf8"));
  } catch {
    return false;
  }
}
