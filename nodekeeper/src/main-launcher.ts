// What Swarm runs on every node of a cell. Swarm services get neither devices nor the node's processes, so it starts the real
// nodekeeper beside itself through the node's own engine, and ends it when it is ended (ADR 0016). The guard's rules and the
// volumes' devices are the kernel's by then and stay.
import { hostname } from "node:os";
import { loadConfig } from "@automna/service-kit/load-config";
import { runUntilStopped } from "@automna/service-kit/lifecycle";
import { makeLog } from "@automna/service-kit/log";
import { z } from "zod";
import { keepRunning } from "./launch/keep-running.ts";

/** nodekeeper has 15 s to end. */
const STOP_DEADLINE_MS = 25_000;
const folderSchema = z.string().regex(/^\/[a-zA-Z0-9/_.-]+$/);

const settings = loadConfig(
  z.object({
    LAUNCHER_ENGINE_SOCKET: folderSchema.default("/var/run/docker.sock").describe("the engine's socket, in here"),
    LAUNCHER_NODE_SOCKET: folderSchema.default("/var/run/docker.sock").describe("the same, as the node calls it"),
    LAUNCHER_DATA_DIR: folderSchema.default("/var/lib/automna").describe("nodekeeper's folder on the node"),
    LAUNCHER_CREDENTIALS_DIR: folderSchema
      .default("/etc/automna/nodekeeper")
      .describe("folder on the node with ca.pem, certificate.pem and key.pem"),
    LAUNCHER_LOG_LEVEL: z.enum(["trace", "debug", "info", "warn", "error", "fatal", "silent"]).default("info"),
  }),
  process.env,
);
const log = makeLog("nodekeeper-launcher", settings.LAUNCHER_LOG_LEVEL);

/** Everything that is nodekeeper's own goes on to it, except what files on the node say. */
const env = Object.fromEntries(
  Object.entries(process.env).flatMap(([name, value]) =>
    name.startsWith("NODEKEEPER_") && !name.endsWith("_FILE") && value !== undefined ? [[name, value]] : [],
  ),
);

const kept = keepRunning({
  wish: {
    dataDir: settings.LAUNCHER_DATA_DIR,
    credentialsDir: settings.LAUNCHER_CREDENTIALS_DIR,
    engineSocket: settings.LAUNCHER_NODE_SOCKET,
    env,
  },
  // The engine gives a container its id as host name, unless told otherwise.
  ownContainer: hostname(),
  socketPath: settings.LAUNCHER_ENGINE_SOCKET,
  log,
});
runUntilStopped({ log, stop: () => kept.stop(), stopDeadlineMs: STOP_DEADLINE_MS });
