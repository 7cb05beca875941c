import { generateKeyPairSync, randomBytes } from "node:crypto";
import { existsSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { databaseRoles, type DatabaseRole } from "@automna/prisma/grants";
import { newKeyRingJson } from "@automna/service-kit/secret-box";

/** Paths of the secret files; services read them, nobody passes their content on. */
export interface SecretFiles {
  postgresPassword: string;
  rolePasswords: Record<DatabaseRole, string>;
  /** PEM pair of the local issuer. */
  sessionPrivateKey: string;
  sessionPublicKey: string;
  /** Seals the customers' model keys: api writes, egress reads. */
  modelKeyRing: string;
  /** Seals the slots' root keys: the provisioner's own. */
  slotKeyRing: string;
  /** Seals what ingress needs of a slot: the provisioner writes, ingress reads. */
  ingressKeyRing: string;
  /** Seals what the apps listener needs of a slot: the provisioner writes, the listener reads. */
  appsKeyRing: string;
  /** Seals the passes of apps' visitors: the apps listener's own. */
  appsPassKey: string;
  /** Signs start links. */
  startKey: string;
}

/** Makes every secret that is not there yet. Existing ones are never touched: data is sealed with them. */
export function ensureSecrets(folder: string): SecretFiles {
  const file = (name: string, make: () => string) => {
    const path = join(folder, name);
    if (!existsSync(path)) writeWhole(path, make());
    return path;
  };
  const passwords = databaseRoles.map((role) => [role, file(`${role}-password`, randomText)] as const);
  return {
    postgresPassword: file("postgres-password", randomText),
    rolePasswords: Object.fromEntries(passwords) as Record<DatabaseRole, string>,
    ...ensureSessionKeys(folder),
    modelKeyRing: file("model-key-ring.json", newKeyRingJson),
    slotKeyRing: file("slot-key-ring.json", newKeyRingJson),
    ingressKeyRing: file("ingress-key-ring.json", newKeyRingJson),
    appsKeyRing: file("apps-key-ring.json", newKeyRingJson),
    appsPassKey: file("apps-pass-key", randomText),
    startKey: file("start-key", randomText),
  };
}

export function readSecret(path: string): string {
  return readFileSync(path, "utf8").trim();
}

function ensureSessionKeys(folder: string): Pick<SecretFiles, "sessionPrivateKey" | "sessionPublicKey"> {
  const sessionPrivateKey = join(folder, "session-private-key.pem");
  const sessionPublicKey = join(folder, "session-public-key.pem");
  if (!existsSync(sessionPrivateKey) || !existsSync(sessionPublicKey)) {
    const { privateKey, publicKey } = generateKeyPairSync("rsa", {
      modulusLength: 2048,
      privateKeyEncoding: { type: "pkcs8", format: "pem" },
      publicKeyEncoding: { type: "spki", format: "pem" },
    });
    writeWhole(sessionPublicKey, publicKey);
    writeWhole(sessionPrivateKey, privateKey);
  }
  return { sessionPrivateKey, sessionPublicKey };
}

/** 192 random bits, without characters that a URL would escape. */
function randomText(): string {
  return randomBytes(24).toString("base64url");
}

/** Under its name only when it is complete: a crash must not leave half a key. */
function writeWhole(path: string, content: string): void {
  writeFileSync(`${path}.new`, content, { mode: 0o600 });
  renameSync(`${path}.new`, path);
}
