import type { DatabaseRole } from "@automna/prisma/grants";
import type { SecretFiles } from "./secrets.ts";
import type { Settings } from "./settings.ts";

/** Everything that the services of one installation are told. */
export interface Installation {
  origin: string;
  /** Loopback ports; `edge` is the public one. */
  ports: Record<"edge" | "api" | "ingress" | "egress" | "apps" | "provisioner", number>;
  databaseUrlFiles: Record<DatabaseRole, string>;
  secrets: SecretFiles;
  dashboardDir: string;
  gatewayDir: string;
  agentCommand: readonly string[];
  slotsDir: string;
  /** Where mails lie, as there is no mail server. */
  mailDir: string;
  agentPortBase: number;
  operators: readonly string[];
  settings: Settings;
  /** Replaces the real model provider, for scenarios. */
  modelProviderUrl: string | undefined;
}

export type ServiceName = keyof Installation["ports"];
type Environment = Record<string, string>;

const HOST = "127.0.0.1";
/** A person waits for Ctrl-C to end, and the edge has already let go of every browser. */
const DRAIN_TIMEOUT_MS = "5000";
/** Ports, and so agents, of one installation. */
export const AGENT_PORT_COUNT = 100;
const FIRST_AGENT_PORT = 21_000;
const LAST_AGENT_PORT = 31_999;
const APPS_HOSTNAME = "apps.localhost";
/** `iss` of local session tokens; stable, because users are known by it and an address may change. */
const LOCAL_ISSUER = "automna-local";

/** Loopback address of a service. */
export function serviceUrl(installation: Installation, name: ServiceName): string {
  return `http://${HOST}:${installation.ports[name]}`;
}

/**
 * Apps have host names of their own on the edge's port: browsers take every name below localhost for this machine
 * (RFC 6761, 6.3), and each of them is another origin than the dashboard's.
 */
function appsOrigin(origin: string): string {
  return `http://${APPS_HOSTNAME}:${new URL(origin).port}`;
}

/** A block of ports for a new installation: blocks differ, so that two installations on one machine don't compete for ports. */
export function chooseAgentPortBase(random: () => number = Math.random): number {
  const blocks = Math.floor((LAST_AGENT_PORT - FIRST_AGENT_PORT + 1) / AGENT_PORT_COUNT);
  return FIRST_AGENT_PORT + Math.floor(random() * blocks) * AGENT_PORT_COUNT;
}

/** What each service reads. Exhaustive by type: a new service does not compile without its environment. */
export const serviceEnv: Record<ServiceName, (installation: Installation) => Environment> = {
  api: ({ origin, ports, databaseUrlFiles, secrets, mailDir, operators, modelProviderUrl }) => ({
    API_HOST: HOST,
    API_PORT: String(ports.api),
    API_ORIGIN: origin,
    API_DATABASE_URL_FILE: databaseUrlFiles.automna_api,
    API_IDENTITY: "local",
    API_IDENTITY_ISSUER: LOCAL_ISSUER,
    API_IDENTITY_PRIVATE_KEY_FILE: secrets.sessionPrivateKey,
    API_SESSION_JWT_KEY_FILE: secrets.sessionPublicKey,
    API_IDENTITY_START_KEY_FILE: secrets.startKey,
    API_IDENTITY_OPERATORS: operators.join(","),
    API_MODEL_KEY_RING_FILE: secrets.modelKeyRing,
    API_MAIL_DIR: mailDir,
    API_APPS_ORIGIN: appsOrigin(origin),
    API_INGRESS_URL: `http://${HOST}:${ports.ingress}`,
    ...(modelProviderUrl === undefined ? {} : { API_MODEL_PROVIDER_URL: modelProviderUrl }),
  }),
  ingress: ({ origin, ports, databaseUrlFiles, secrets }) => ({
    INGRESS_HOST: HOST,
    INGRESS_PORT: String(ports.ingress),
    INGRESS_ORIGIN: origin,
    INGRESS_DATABASE_URL_FILE: databaseUrlFiles.automna_ingress,
    INGRESS_SESSION_ISSUER: LOCAL_ISSUER,
    INGRESS_SESSION_JWT_KEY_FILE: secrets.sessionPublicKey,
    INGRESS_SLOT_KEY_RING_FILE: secrets.ingressKeyRing,
    INGRESS_DRAIN_TIMEOUT_MS: DRAIN_TIMEOUT_MS,
    // There is no other ingress to go to.
    INGRESS_DRAIN_NOTICE_MS: "0",
  }),
  egress: ({ ports, databaseUrlFiles, secrets, modelProviderUrl }) => ({
    EGRESS_HOST: HOST,
    EGRESS_PORT: String(ports.egress),
    EGRESS_DATABASE_URL_FILE: databaseUrlFiles.automna_egress,
    EGRESS_MODEL_KEY_RING_FILE: secrets.modelKeyRing,
    EGRESS_DRAIN_TIMEOUT_MS: DRAIN_TIMEOUT_MS,
    ...(modelProviderUrl === undefined ? {} : { EGRESS_MODEL_PROVIDER_URL: modelProviderUrl }),
  }),
  apps: ({ origin, ports, databaseUrlFiles, secrets }) => ({
    APPS_HOST: HOST,
    APPS_PORT: String(ports.apps),
    APPS_ORIGIN: appsOrigin(origin),
    APPS_DASHBOARD_ORIGIN: origin,
    APPS_DATABASE_URL_FILE: databaseUrlFiles.automna_apps,
    APPS_SLOT_KEY_RING_FILE: secrets.appsKeyRing,
    APPS_PASS_KEY_FILE: secrets.appsPassKey,
    APPS_DRAIN_TIMEOUT_MS: DRAIN_TIMEOUT_MS,
  }),
  provisioner: (installation) => ({
    PROVISIONER_HEALTH_HOST: HOST,
    PROVISIONER_HEALTH_PORT: String(installation.ports.provisioner),
    PROVISIONER_DATABASE_URL_FILE: installation.databaseUrlFiles.automna_provisioner,
    PROVISIONER_RUNTIME: "process",
    PROVISIONER_DATA_DIR: installation.slotsDir,
    PROVISIONER_PORT_RANGE: `${installation.agentPortBase}-${installation.agentPortBase + AGENT_PORT_COUNT - 1}`,
    PROVISIONER_EGRESS_URLS: serviceUrl(installation, "egress"),
    PROVISIONER_AGENT_COMMAND_JSON: JSON.stringify(installation.agentCommand),
    PROVISIONER_GATEWAY_DIR: installation.gatewayDir,
    PROVISIONER_SLOT_KEY_RING_FILE: installation.secrets.slotKeyRing,
    PROVISIONER_INGRESS_KEY_RING_FILE: installation.secrets.ingressKeyRing,
    PROVISIONER_APPS_KEY_RING_FILE: installation.secrets.appsKeyRing,
    PROVISIONER_STOP_SLOTS_ON_EXIT: "true",
  }),
  edge: (installation) => ({
    EDGE_PORT: String(installation.ports.edge),
    EDGE_API_URL: serviceUrl(installation, "api"),
    EDGE_INGRESS_URL: serviceUrl(installation, "ingress"),
    EDGE_APPS_URL: serviceUrl(installation, "apps"),
    EDGE_APPS_HOSTNAME: APPS_HOSTNAME,
    EDGE_DASHBOARD_DIR: installation.dashboardDir,
  }),
};

/** Of our own environment, what a service may see: never a person's keys (S25). */
const PASSED_ON = [
  "PATH",
  "HOME",
  "LANG",
  "LC_ALL",
  "TZ",
  "TMPDIR",
  "NODE_EXTRA_CA_CERTS",
  "AUTOMNA_CACHE_DIR",
] as const;

export function baseEnv(env: NodeJS.ProcessEnv): Environment {
  return Object.fromEntries(PASSED_ON.flatMap((name) => (env[name] === undefined ? [] : [[name, env[name]]])));
}
