import { fork } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import type { ScenarioContext } from "../harness/scenario.ts";
import { askProbe } from "./ask-probe.ts";
import type { ProbeReading } from "./probe.ts";

/** A process that does nothing: what it waits for its processor, everybody on this machine waits for. */
export interface Bystander {
  probe: () => Promise<ProbeReading>;
}

export async function startBystander(ctx: ScenarioContext): Promise<Bystander> {
  const child = fork(join(import.meta.dirname, "probe.ts"), [], {
    execArgv: ["--expose-gc"],
    stdio: ["ignore", "inherit", "inherit", "ipc"],
    env: { PATH: process.env["PATH"] ?? "" },
  });
  ctx.onCleanup("end the bystander", async () => {
    child.kill("SIGKILL");
    if (child.exitCode === null && child.signalCode === null) await once(child, "exit");
  });
  return { probe: () => askProbe<ProbeReading>(child, { probe: "read" }) };
}
