import { spawn } from "node:child_process";
import { appendFileSync, existsSync, readFileSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import { join } from "node:path";

/**
 * Stands in for agentd where the provisioner's process handling is the point: reads agentd's environment, answers
 * the status path, keeps its claim on disk, starts one child as a "gateway" in a session of its own.
 * A file `behaviour.json` in the run folder changes how it behaves.
 */
interface Behaviour {
  ignoresSigterm?: boolean;
  /** Ends at once with this code. */
  exitCode?: number;
  /** Megabytes to hold. */
  eatsMb?: number;
  /** Starts no child. */
  isAlone?: boolean;
}

const variable = (name: string) => process.env[name] ?? "";
const runDir = variable("AGENTD_RUN_DIR");
const stateDir = variable("AGENTD_STATE_DIR");
const behaviourPath = join(runDir, "behaviour.json");
const behaviour = (existsSync(behaviourPath) ? JSON.parse(readFileSync(behaviourPath, "utf8")) : {}) as Behaviour;
const claimPath = join(runDir, "claim.json");

appendFileSync(join(runDir, "starts.log"), `${process.pid}\n`);
console.log("stand-in starts");
if (behaviour.exitCode !== undefined) process.exit(behaviour.exitCode);

const memory = Buffer.alloc((behaviour.eatsMb ?? 0) * 1024 * 1024, 1);
const gateway = behaviour.isAlone
  ? null
  : spawn(process.execPath, ["-e", "setInterval(() => {}, 1000)"], {
      detached: true,
      stdio: "ignore",
      env: { OPENCLAW_STATE_DIR: stateDir },
    });

const server = createServer((request, response) => {
  if (request.method === "PUT") {
    let body = "";
    request.on("data", (chunk: Buffer) => (body += chunk.toString()));
    request.on("end", () => {
      writeFileSync(claimPath, body);
      response.end("{}");
    });
    return;
  }
  response.end(
    JSON.stringify({
      pid: process.pid,
      gatewayPid: gateway?.pid ?? null,
      uid: process.getuid?.(),
      memory: memory.length,
    }),
  );
});
server.on("error", () => process.exit(1));
server.listen(Number(variable("AGENTD_PORT")), variable("AGENTD_HOST"));

process.on("SIGTERM", () => {
  if (behaviour.ignoresSigterm) return;
  gateway?.kill("SIGKILL");
  process.exit(0);
});
