import { join } from "node:path";
import { DAY_MS, SECOND_MS } from "@automna/core/shared/clock";
import { reportReady, runUntilStopped } from "@automna/service-kit/lifecycle";
import { makeLog } from "@automna/service-kit/log";
import { loadNodekeeperConfig } from "./config.ts";
import { makeMemoryPusher } from "./doze/memory-pusher.ts";
import { makeAgentsNetworkPart } from "./engine/agents-network.ts";
import { makeEngineClient } from "./engine/engine-client.ts";
import { makeContainerFacts } from "./facts/observe-container.ts";
import { openFences } from "./fencing.ts";
import { keepGuard } from "./guard/keep-guard.ts";
import { makeHealth } from "./health.ts";
import { makeRouteHandlers } from "./route-handlers.ts";
import { startServer } from "./server.ts";
import { makeSlotTurns } from "./slot-turns.ts";
import { makeCopies } from "./volumes/copies.ts";
import { makeDiskRoom } from "./volumes/disk-room.ts";
import { makeSnapshots } from "./volumes/snapshots.ts";
import { volumePaths } from "./volumes/volume-paths.ts";
import { openVolumes } from "./volumes/volumes.ts";
import packageFile from "../package.json" with { type: "json" };

const STOP_DEADLINE_MS = 10 * SECOND_MS;

// Whatever we write is root's alone.
process.umask(0o077);

const config = loadNodekeeperConfig(process.env);
const log = makeLog("nodekeeper", config.logLevel);
const clock = Date.now;

const paths = volumePaths(join(config.dataDir, "volumes"));
const room = makeDiskRoom(config.dataDir, config.diskReserveMb);
const volumes = await openVolumes({ paths, deviceDir: config.deviceDir, room, log });
// Before anything else: walls, then what agents stand on.
const guard = await keepGuard({
  settings: config.guard,
  checkMs: config.guardCheckMs,
  file: join(config.dataDir, "node-guard.nft"),
  clock,
  log,
});
await volumes.attachAll(new AbortController().signal);

const engine = makeEngineClient({ socketPath: config.engineSocket, installation: config.installation });
const ensureNetwork = makeAgentsNetworkPart(engine, {
  name: config.networkPart,
  bridge: config.guard.agentsBridge,
  subnet: config.guard.agentsSubnet,
});
// Asked again before each start of a slot: the engine may be away now, and forget it any time later.
await ensureNetwork(new AbortController().signal).catch((error: unknown) =>
  log.warn({ err: error }, "the agents' network can't be made yet"),
);
const facts = makeContainerFacts(engine, config.cgroupDir);
const memory = makeMemoryPusher(engine, log);
const fences = await openFences(join(config.dataDir, "fencing"));
await fences.forgetOld(clock());
const forgetting = setInterval(() => {
  fences.forgetOld(clock()).catch((error: unknown) => log.warn({ err: error }, "old fencing numbers stay"));
}, DAY_MS);

const server = await startServer({
  host: config.host,
  port: config.port,
  credentials: config.credentials,
  handlers: makeRouteHandlers({
    volumes,
    snapshots: makeSnapshots(paths, room.assert),
    copies: makeCopies({ paths, volumes, room }),
    ensureNetwork,
    facts,
    engine,
    memory,
    cgroupDir: config.cgroupDir,
    volumeFile: paths.volume,
    health: makeHealth({ version: packageFile.version, node: config.node, guard, room, volumes }),
  }),
  fences,
  turns: makeSlotTurns(),
  log,
});

runUntilStopped({
  log,
  stopDeadlineMs: STOP_DEADLINE_MS,
  async stop() {
    clearInterval(forgetting);
    await Promise.all([server.close(), guard.close(), memory.close()]);
    await engine.close();
  },
});
log.info({ node: config.node, port: server.port, guard: guard.state().state }, "nodekeeper runs");
reportReady();
