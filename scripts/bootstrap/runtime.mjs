import { spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { constants } from "node:os";
import { delimiter, dirname } from "node:path";
import { cacheDir } from "../../packages/testkit/src/cache-dir.mjs";
import { inCheckout } from "./paths.mjs";

/** What OpenClaw's `engines` asks for, the strictest of our packages: >=24.16 <25 || >=26.1. */
export function isGoodNode(/** @type {string} */ version) {
  const [major = 0, minor = 0] = version.split(".").map(Number);
  return (major === 24 && minor >= 16) || (major === 26 && minor >= 1) || major > 26;
}

/** The running Node when it is new enough, else the one that npm installed with our packages. */
export function chooseNode() {
  if (isGoodNode(process.versions.node)) return process.execPath;
  const bundled = inCheckout(`node_modules/node-${process.platform}-${process.arch}/bin/node`);
  if (existsSync(bundled)) return bundled;
  throw new Error(
    `Automna needs Node 24.16 or newer here; this is ${process.versions.node}. Install Node 24 and try again.`,
  );
}

/**
 * Runs scripts/<name>.ts and resolves with its exit code. Signals are passed on; our own end closes its IPC channel.
 * @param {string} node @param {string} name @param {string[]} args
 * @param {string | undefined} gatewayDir
 * @returns {Promise<number>}
 */
export function runScript(node, name, args, gatewayDir) {
  const env = {
    ...process.env,
    PATH: [dirname(node), process.env["PATH"]].join(delimiter),
    AUTOMNA_CACHE_DIR: cacheDir(),
    ...(gatewayDir ? { AUTOMNA_GATEWAY_DIR: gatewayDir } : {}),
  };
  const child = spawn(node, [inCheckout(`scripts/${name}.ts`), ...args], {
    env,
    stdio: ["inherit", "inherit", "inherit", "ipc"],
  });
  for (const signal of /** @type {const} */ (["SIGINT", "SIGTERM", "SIGHUP"])) {
    process.on(signal, () => child.kill(signal));
  }
  // Whoever started us over a channel of its own (a test, a scenario) is gone, and what it started should be too.
  const onOrphaned = () => child.kill("SIGTERM");
  process.on("disconnect", onOrphaned);
  return new Promise((resolve, reject) => {
    child.once("error", reject);
    child.once("close", (code, signal) => {
      // The listener would keep us alive.
      process.off("disconnect", onOrphaned);
      resolve(code ?? 128 + (signal ? constants.signals[signal] : 0));
    });
  });
}
