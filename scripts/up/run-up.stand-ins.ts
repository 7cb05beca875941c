// `up` with stand-ins for the services, for run-up.integration.test.ts: real database, supervision, lock and signals.
import { parseUpOptions } from "./options.ts";
import { runUp } from "./run-up.ts";
import { baseEnv, type Installation, type ServiceName } from "./service-env.ts";

const SERVER = `
  const server = require("node:http").createServer((req, res) => res.end("ok"));
  const stop = () => process.exit(0);
  process.on("SIGTERM", stop);
  process.on("disconnect", stop);
  server.listen(Number(process.env.STAND_IN_PORT), "127.0.0.1", () => process.send({ type: "ready" }));`;

const options = parseUpOptions(process.argv.slice(2), process.env, process.getuid?.() === 0);
process.env["AUTOMNA_GATEWAY_DIR"] = "/nowhere";

try {
  const code = await runUp(options, {
    servicesOf: ({ ports }: Installation) =>
      (Object.keys(ports) as ServiceName[]).map((name) => ({
        name,
        command: [process.execPath, "-e", SERVER],
        env: { ...baseEnv(process.env), STAND_IN_PORT: String(ports[name]) },
        stopTimeoutMs: 5_000,
      })),
    buildDashboard: () => Promise.resolve("/nowhere"),
    stageAgent: () => Promise.resolve(["/bin/false"]),
  });
  process.exit(code);
} catch (error) {
  console.error(error instanceof Error ? error.message : error);
  process.exit(1);
}
