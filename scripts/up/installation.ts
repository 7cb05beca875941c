import { join } from "node:path";
import { findFreePort } from "@automna/testkit/free-port";
import { step } from "../bootstrap/progress.mjs";
import type { DataDir, DataMarker } from "./data-dir.ts";
import { postgresService, prepareDatabase, writeDatabaseUrls } from "./database.ts";
import { makeStartLink, removeInstance, writeInstance, type Instance } from "./instance.ts";
import { killLeftoverAgents } from "./leftover-agents.ts";
import { ensureSecrets, readSecret } from "./secrets.ts";
import type { Settings } from "./settings.ts";
import { baseEnv, serviceUrl, type Installation, type ServiceName } from "./service-env.ts";
import { STOP_ORDER } from "./services.ts";
import type { ServiceSpec } from "./supervise-service.ts";
import { makeSupervisor } from "./supervise.ts";
import { untilAnswering } from "./until-answering.ts";

/** What an installation is made of; tests of the supervision put stand-ins in their place. */
export interface InstallationParts {
  servicesOf(installation: Installation, env: NodeJS.ProcessEnv): ServiceSpec[];
  /** Folder of the built dashboard. */
  buildDashboard(): Promise<string>;
  /** Command line that starts agentd. */
  stageAgent(dataDir: string): Promise<readonly string[]>;
}

export interface InstallationOptions {
  dir: DataDir;
  marker: DataMarker;
  port: number;
  operators: readonly string[];
  settings: Settings;
  env: NodeJS.ProcessEnv;
  parts: InstallationParts;
  report(line: string): void;
}

export interface RunningInstallation {
  /** Resolves with what a person needs when everything answers; rejects when something does not start. */
  start(): Promise<Instance>;
  /** Stops everything in order. Resolves when nothing runs any more. */
  stop(): Promise<void>;
  kill(): void;
}

/** One installation of everything on this machine, in one data folder. */
export function makeInstallation(options: InstallationOptions): RunningInstallation {
  const { dir, env, parts, report } = options;
  let instance: Instance | undefined;
  const pids = new Map<string, number>();
  const supervisor = makeSupervisor({
    logDir: dir.logs,
    report,
    onReady(name, pid) {
      pids.set(name, pid);
      if (instance) writeInstance(dir.root, (instance = withPids(instance, pids)));
    },
  });

  return {
    async start() {
      const secrets = ensureSecrets(dir.secrets);
      const postgresPort = await findFreePort();
      await step("starting the database", () =>
        supervisor.start(postgresService(dir, postgresPort, secrets, baseEnv(env))),
      );
      await step("preparing the database", () => prepareDatabase(postgresPort, secrets));
      const dashboardDir = await step("building the dashboard", parts.buildDashboard);
      const agentCommand = await step("preparing the agents' program", () => parts.stageAgent(dir.root));
      const installation: Installation = {
        origin: `http://localhost:${options.port}`,
        ports: await choosePorts(options.port),
        databaseUrlFiles: writeDatabaseUrls(dir, postgresPort, secrets),
        secrets,
        dashboardDir,
        gatewayDir: required(env, "AUTOMNA_GATEWAY_DIR"),
        agentCommand,
        slotsDir: dir.slots,
        mailDir: join(dir.root, "mail"),
        agentPortBase: options.marker.agentPortBase,
        operators: options.operators,
        settings: options.settings,
        modelProviderUrl: env["AUTOMNA_MODEL_PROVIDER_URL"],
      };
      const services = parts.servicesOf(installation, env);
      await step("starting the services", () => Promise.all(services.map((service) => supervisor.start(service))));
      await step("waiting for the first answer", () => untilAnswering(installation.origin, ["/", "/api/health"]));
      instance = withPids(describe(installation, postgresPort), pids);
      writeInstance(dir.root, instance);
      return instance;
    },
    async stop() {
      removeInstance(dir.root);
      await supervisor.stop(STOP_ORDER);
      killLeftoverAgents(dir.slots);
    },
    kill() {
      removeInstance(dir.root);
      supervisor.kill();
      killLeftoverAgents(dir.slots);
    },
  };
}

async function choosePorts(edge: number): Promise<Installation["ports"]> {
  return {
    edge,
    api: await findFreePort(),
    ingress: await findFreePort(),
    egress: await findFreePort(),
    apps: await findFreePort(),
    provisioner: await findFreePort(),
  };
}

function describe(installation: Installation, postgresPort: number): Instance {
  const names = Object.keys(installation.ports) as ServiceName[];
  return {
    pid: process.pid,
    url: installation.origin,
    startLink: makeStartLink(installation.origin, readSecret(installation.secrets.startKey), Date.now()),
    services: Object.fromEntries(names.map((name) => [name, { pid: 0, url: serviceUrl(installation, name) }])),
    postgres: { pid: 0, port: postgresPort },
    gatewayDir: installation.gatewayDir,
  };
}

function withPids(instance: Instance, pids: ReadonlyMap<string, number>): Instance {
  const services = Object.entries(instance.services).map(([name, service]) => [
    name,
    { ...service, pid: pids.get(name) ?? service.pid },
  ]);
  return {
    ...instance,
    services: Object.fromEntries(services) as Instance["services"],
    postgres: { ...instance.postgres, pid: pids.get("postgres") ?? instance.postgres.pid },
  };
}

function required(env: NodeJS.ProcessEnv, name: string): string {
  const value = env[name];
  if (value === undefined) throw new Error(`${name} is missing: start with "npm run up", which sets it.`);
  return value;
}
