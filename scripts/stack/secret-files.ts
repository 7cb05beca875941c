import { hash, randomBytes } from "node:crypto";
import { chmodSync, existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { nodeCertificateName, PROVISIONER_CERTIFICATE_NAME } from "@automna/contract/nodekeeper";
import { makeCertificateAuthority, signCertificate, type KeyPair } from "@automna/service-kit/cell-certificates";
import { newKeyRingJson } from "@automna/service-kit/secret-box";
import { stackSecretNames, stackSecrets, type StackSecretName } from "./stack-secrets.ts";

/** What an optional secret holds when there is none: the engine takes no empty one, and services read it as not set. */
const EMPTY = "\n";
/** Certificates of a cell; `npm run stack:secrets -- --node` makes new ones at any time. */
const CERTIFICATE_DAYS = 3_650;
/** The CA's key signs nodes' certificates on the operator's machine, and is no secret of the Swarm. */
const CA_KEY = "cell-ca-key";
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
 * sealed with it. Throws with the names of those that the operator has to bring. The folder is the only copy: keep it, offline.
 */
export async function ensureSecretFiles(folder: string): Promise<void> {
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  chmodSync(folder, 0o700);
  const missing = stackSecretNames.filter((name) => stackSecrets[name] === "given" && !existsSync(join(folder, name)));
  if (missing.length > 0) throw new Error(`put these into ${folder}, one file each: ${missing.join(", ")}`);
  for (const [name, make] of Object.entries(makers)) ensureFile(folder, name, make);
  // Redis knows the password's hash alone.
  const { password } = new URL(readFileSync(join(folder, "redis-url"), "utf8"));
  ensureFile(folder, "redis-acl", () => `user default on #${hash("sha256", password)} ~* &* +@all\n`);
  await ensureCertificates(folder);
}

/** Makes a node's certificate and key for nodekeeper, unless they are there. Answers their folder. */
export async function ensureNodeCertificate(folder: string, node: string): Promise<string> {
  const own = join(folder, `node-${node}`);
  mkdirSync(own, { recursive: true, mode: 0o700 });
  if (existsSync(join(own, "certificate.pem"))) return own;
  const authority = readAuthority(folder);
  const pair = await signCertificate(authority, {
    name: nodeCertificateName(node),
    use: "server",
    days: CERTIFICATE_DAYS,
  });
  writeWhole(own, "ca.pem", authority.certificate);
  writeWhole(own, "key.pem", pair.key);
  writeWhole(own, "certificate.pem", pair.certificate);
  return own;
}

/** Content of a secret, for the Swarm. */
export function readSecretFile(folder: string, name: StackSecretName): string {
  const path = join(folder, name);
  return existsSync(path) ? readFileSync(path, "utf8") : EMPTY;
}

async function ensureCertificates(folder: string): Promise<void> {
  if (!existsSync(join(folder, "cell-ca"))) {
    const authority = await makeCertificateAuthority(CERTIFICATE_DAYS);
    writeWhole(folder, CA_KEY, authority.key);
    // Last: with it the pair counts as made.
    writeWhole(folder, "cell-ca", authority.certificate);
  }
  if (existsSync(join(folder, "keeper-client-certificate"))) return;
  const wish = { name: PROVISIONER_CERTIFICATE_NAME, use: "client", days: CERTIFICATE_DAYS } as const;
  const pair = await signCertificate(readAuthority(folder), wish);
  writeWhole(folder, "keeper-client-key", pair.key);
  writeWhole(folder, "keeper-client-certificate", pair.certificate);
}

function readAuthority(folder: string): KeyPair {
  const read = (name: string) => readFileSync(join(folder, name), "utf8");
  return { certificate: read("cell-ca"), key: read(CA_KEY) };
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
