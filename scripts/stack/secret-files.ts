import { hash, randomBytes } from "node:crypto";
import { chmodSync, existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { newKeyRingJson } from "@automna/service-kit/secret-box";
import { makeCellCertificates } from "../cells/make-cell-certificates.ts";
import { stackSecretNames, stackSecrets, type StackSecretName } from "./stack-secrets.ts";

/** What an optional secret holds when there is none: the engine takes no empty one, and services read it as not set. */
const EMPTY = "\n";
/** As `npm run cell:certs` makes them, which also renews them. */
const CERTIFICATE_DAYS = 365;
/** The cell's own folder within: its CA's key signs nodes' certificates, and is no secret of the Swarm. */
export const CELL_FOLDER = "cell";
/** Files of that folder that are secrets of the provisioner. */
const cellFiles: Partial<Record<StackSecretName, string>> = {
  "cell-ca": `${CELL_FOLDER}/ca.pem`,
  "keeper-client-certificate": `${CELL_FOLDER}/provisioner.pem`,
  "keeper-client-key": `${CELL_FOLDER}/provisioner-key.pem`,
};
const DATABASE = "automna";

type MadeName = {
  [Name in StackSecretName]: (typeof stackSecrets)[Name] extends "made" ? Name : never;
}[StackSecretName];

/** 256 random bits, without characters that a URL would escape. */
const randomText = () => randomBytes(32).toString("base64url");
const databaseUrl = (role: string) => () => `postgres://${role}:${randomText()}@postgres:5432/${DATABASE}`;

/** Those that are made each for itself; the others follow from one of them. */
const makers: Partial<Record<MadeName, () => string>> = {
  "postgres-password": randomText,
  "database-url-api": databaseUrl("automna_api"),
  "database-url-provisioner": databaseUrl("automna_provisioner"),
  "database-url-ingress": databaseUrl("automna_ingress"),
  "database-url-egress": databaseUrl("automna_egress"),
  "database-url-apps": databaseUrl("automna_apps"),
  "redis-url": () => `redis://:${randomText()}@redis:6379`,
  "model-key-ring": newKeyRingJson,
  "slot-key-ring": newKeyRingJson,
  "ingress-key-ring": newKeyRingJson,
  "apps-key-ring": newKeyRingJson,
  "apps-pass-key": randomText,
};

/**
 * Fills the folder with every secret that is made here and not there yet; what is there is never touched, because data is
 * sealed with it. Throws with the names of those that the operator has to bring. Nodes of
 * the cell get their certificates too. The folder is the only copy: keep it, offline.
 */
export async function ensureSecretFiles(folder: string, nodes: readonly string[] = []): Promise<void> {
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  chmodSync(folder, 0o700);
  const missing = stackSecretNames.filter((name) => stackSecrets[name] === "given" && !existsSync(join(folder, name)));
  if (missing.length > 0) throw new Error(`put these into ${folder}, one file each: ${missing.join(", ")}`);
  for (const [name, make] of Object.entries(makers)) ensureFile(folder, name, make);
  // Redis knows the password's hash alone.
  const { password } = new URL(readFileSync(join(folder, "redis-url"), "utf8"));
  ensureFile(folder, "redis-acl", () => `user default on #${hash("sha256", password)} ~* &* +@all\n`);
  await makeCellCertificates({ folder: join(folder, CELL_FOLDER), nodes, days: CERTIFICATE_DAYS, isRenewing: false });
}

/** Content of a secret, for the Swarm. */
export function readSecretFile(folder: string, name: StackSecretName): string {
  const path = join(folder, cellFiles[name] ?? name);
  return existsSync(path) ? readFileSync(path, "utf8") : EMPTY;
}

function ensureFile(folder: string, name: string, make: () => string): void {
  if (!existsSync(join(folder, name))) writeWhole(folder, name, make());
}

/** Under its name only when it is complete: a crash must not leave half a key. */
function writeWhole(folder: string, name: string, content: string): void {
  const path = join(folder, name);
  writeFileSync(`${path}.new`, content, { mode: 0o600 });
  renameSync(`${path}.new`, path);
}
