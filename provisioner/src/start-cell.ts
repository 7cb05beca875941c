import type { Clock } from "@automna/core/shared/clock";
import type { Database } from "@automna/records/database";
import type { Logger } from "@automna/service-kit/log";
import type { AgentRuntime } from "./agents/agent-runtime.ts";
import type { PlacementCell } from "./agents/steps/step-context.ts";
import type { ProcessConfig, ProvisionerConfig, SwarmConfig } from "./config.ts";
import { makeKeeperPools } from "./nodekeeper/keeper-pools.ts";
import { makeNodekeeperClient } from "./nodekeeper/nodekeeper-client.ts";
import { makeSlotKeeper } from "./nodekeeper/slot-keeper.ts";
import type { CellNodes } from "./nodes/cell-nodes.ts";
import { makeNodeDirectory } from "./nodes/node-directory.ts";
import { makePortProbe } from "./process/port-probe.ts";
import { startProcessRuntime } from "./process/process-runtime.ts";
import { thisMachine } from "./process/this-machine.ts";
import { dockerAt, makeSwarmEngine } from "./swarm/swarm-engine.ts";
import { makeSwarmNodes } from "./swarm/swarm-nodes.ts";
import { startSwarmRuntime } from "./swarm/swarm-runtime.ts";

/** A part of main.ts: the cell that slots run in, whichever of the two kinds it is. */
export interface StartedCell {
  cell: PlacementCell;
  runtime: AgentRuntime;
  nodes: CellNodes;
  /** How much swap a node has, MB; null where memory is not counted. */
  readSwapMb: ((nodeId: string, signal: AbortSignal) => Promise<number>) | null;
  /** Ends what watches the slots. They go on running, unless they are to end with us. */
  stop: (reason: { isFatal: boolean }) => Promise<void>;
}

export interface CellDeps {
  config: ProvisionerConfig;
  db: Database;
  clock: Clock;
  log: Logger;
}

export async function startCell(deps: CellDeps): Promise<StartedCell> {
  const { runtime } = deps.config;
  return runtime.kind === "swarm" ? startSwarmCell(deps, runtime) : startProcessCell(deps, runtime);
}

/** The process runtime has one image: what is installed beside it. */
const INSTALLED_IMAGE = "installed";

async function startProcessCell(
  { config, clock, log }: CellDeps,
  { dataDir, nodeId, slotHost, stopsSlotsOnExit, ...installed }: ProcessConfig,
): Promise<StartedCell> {
  const { ports, portRestMs, bootCostS, workingSetMb, egressUrls, logLevel } = config;
  const { agentCommand: command, gatewayDir, gatewayCommand } = installed;
  const timeZone = Intl.DateTimeFormat().resolvedOptions().timeZone;
  const runtime = await startProcessRuntime({
    slotsDir: dataDir,
    firstPort: ports.first,
    images: { [INSTALLED_IMAGE]: { command, gatewayDir, gatewayCommand, egressUrls, timeZone, logLevel } },
    clock,
    log,
  });
  return {
    cell: {
      cellId: nodeId,
      runtime: "process",
      backendType: "local",
      takesEveryTier: true,
      image: INSTALLED_IMAGE,
      workingSetMb,
      portRestMs,
      bootCostS,
      canUsePort: (host, port) => makePortProbe(host)(port),
    },
    runtime,
    nodes: thisMachine({ nodeId, host: slotHost, ports }),
    readSwapMb: null,
    async stop({ isFatal }) {
      await runtime.close();
      if (stopsSlotsOnExit && !isFatal) await runtime.stopAll(new AbortController().signal);
    },
  };
}

async function startSwarmCell(
  { config, db, clock, log }: CellDeps,
  { cellId, dockerUrl, installId, image, network, dns, systemMb, keeper }: SwarmConfig,
): Promise<StartedCell> {
  const { ports, portRestMs, bootCostS, workingSetMb, egressUrls, logLevel } = config;
  const engine = makeSwarmEngine({ docker: dockerAt(dockerUrl), installId });
  const pools = makeKeeperPools(keeper);
  const keepers = makeNodekeeperClient(pools);
  const directory = makeNodeDirectory(db);
  const runtime = startSwarmRuntime({
    engine,
    keeper: makeSlotKeeper(keepers, directory),
    settings: { installId, network, egressUrls, dns, logLevel },
    clock,
    log,
  });
  return {
    cell: {
      cellId,
      runtime: "swarm",
      backendType: "local",
      takesEveryTier: false,
      image,
      workingSetMb,
      portRestMs,
      bootCostS,
    },
    runtime,
    nodes: makeSwarmNodes(engine, { ports, keeperPort: keeper.port, systemMb }),
    readSwapMb: async (nodeId, signal) =>
      (await keepers.ask(await directory.byId(nodeId), "health", { signal })).swap.sizeMb,
    async stop() {
      await runtime.close();
      await pools.close();
    },
  };
}
