import { fork, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { openSync } from "node:fs";
import { readdir } from "node:fs/promises";
import { pathToFileURL } from "node:url";
import { join } from "node:path";
import { findFreePort } from "@automna/testkit/free-port";
import { inCheckout } from "../../bootstrap/paths.mjs";
import type { ScenarioContext } from "../harness/scenario.ts";
import { askProbe } from "./ask-probe.ts";
import type { ProbeReading } from "./probe.ts";
import type { World } from "./world.ts";

/** The real main-ingress.ts in a process of its own, with a probe in it. */
export interface IngressProcess {
  pid: number;
  port: number;
  child: ChildProcess;
  probe: () => Promise<ProbeReading>;
  /** Moves the process's clock. */
  shiftClock: (ms: number) => Promise<void>;
  /** Open file descriptors, by the kernel. */
  descriptors: () => Promise<number>;
  /** A figure of its own metrics, summed over its labels. */
  metric: (name: string) => Promise<number>;
  /** Sends SIGTERM; resolves with the exit code and how long it took, ms. */
  stop: () => Promise<{ code: number | null; tookMs: number }>;
}

export async function startIngressProcess(
  ctx: ScenarioContext,
  world: World,
  env: Record<string, string> = {},
): Promise<IngressProcess> {
  const [port, metricsPort] = [await findFreePort(), await findFreePort()];
  const log = openSync(join(world.folder, `ingress-${port}.log`), "a");
  const child = fork(inCheckout("proxy/src/main-ingress.ts"), [], {
    execArgv: ["--expose-gc", "--import", pathToFileURL(join(import.meta.dirname, "probe.ts")).href],
    stdio: ["ignore", log, log, "ipc"],
    env: {
      PATH: process.env["PATH"] ?? "",
      INGRESS_PORT: String(port),
      INGRESS_METRICS_PORT: String(metricsPort),
      INGRESS_LOG_LEVEL: "warn",
      // What protects the machine from a crowd would only hide what happens to one request.
      INGRESS_USER_REQUESTS_PER_S: "1000000",
      ...world.ingressEnv,
      ...env,
    },
  });
  ctx.onCleanup(`kill ingress ${child.pid}`, async () => {
    if (child.exitCode !== null || child.signalCode !== null) return;
    child.kill("SIGKILL");
    await once(child, "exit");
  });
  const [message] = (await Promise.race([once(child, "message"), once(child, "exit")])) as [unknown];
  ctx.must(JSON.stringify(message) === '{"type":"ready"}', `an ingress process listens (${child.pid})`, message);
  const pid = child.pid ?? 0;
  return {
    pid,
    port,
    child,
    probe: () => askProbe<ProbeReading>(child, { probe: "read" }),
    shiftClock: (ms) => askProbe<void>(child, { probe: "shift-clock", ms }),
    descriptors: async () => (await readdir(`/proc/${pid}/fd`)).length,
    metric: (name) => readMetric(metricsPort, name),
    async stop() {
      const startedAt = performance.now();
      const exited = once(child, "exit") as Promise<[number | null]>;
      child.kill("SIGTERM");
      const [code] = await exited;
      return { code, tookMs: performance.now() - startedAt };
    },
  };
}

async function readMetric(port: number, name: string): Promise<number> {
  const text = await (await fetch(`http://127.0.0.1:${port}/metrics`)).text();
  const lines = text.split("\n").filter((line) => line.startsWith(`${name}{`) || line.startsWith(`${name} `));
  return lines.reduce((sum, line) => sum + Number(line.split(" ").at(-1)), 0);
}
