import { execFile } from "node:child_process";
import { chmod, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";

/** PEM text of a certificate and its key. */
export interface KeyPair {
  certificate: string;
  key: string;
}

export interface CertificateWish {
  /** Host name that it stands for. */
  name: string;
  /** What it may be used as: a server can't call others in its name, a caller can't pose as a server. */
  use: "server" | "client";
  days: number;
}

const runFile = promisify(execFile);
const CA_SUBJECT = "/CN=Automna cell CA";
/** Elliptic: short keys, fast handshakes, in every OpenSSL and in Node. */
const KEY_ARGS = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes"];

/** A new CA, by openssl: Node can read certificates and can't make them. */
export function makeCertificateAuthority(days: number): Promise<KeyPair> {
  return inFolder(async (at) => {
    await openssl(
      ["req", "-x509", ...KEY_ARGS, "-keyout", at("key"), "-out", at("certificate"), "-subj", CA_SUBJECT],
      ["-days", String(days), "-addext", "basicConstraints=critical,CA:TRUE,pathlen:0"],
      ["-addext", "keyUsage=critical,keyCertSign,cRLSign"],
    );
    return readPair(at);
  });
}

/** A certificate for one name and one use, signed by `authority`. */
export function signCertificate(authority: KeyPair, { name, use, days }: CertificateWish): Promise<KeyPair> {
  return inFolder(async (at) => {
    await writeFile(at("ca"), authority.certificate);
    await writeFile(at("ca-key"), authority.key, { mode: 0o600 });
    await writeFile(
      at("extensions"),
      [
        "basicConstraints=critical,CA:FALSE",
        "keyUsage=critical,digitalSignature",
        `extendedKeyUsage=critical,${use}Auth`,
        `subjectAltName=DNS:${name}`,
      ].join("\n"),
    );
    await openssl(["req", "-new", ...KEY_ARGS, "-keyout", at("key"), "-out", at("request"), "-subj", `/CN=${name}`]);
    await openssl(
      ["x509", "-req", "-in", at("request"), "-CA", at("ca"), "-CAkey", at("ca-key"), "-CAcreateserial"],
      ["-out", at("certificate"), "-days", String(days), "-extfile", at("extensions")],
    );
    return readPair(at);
  });
}

async function openssl(...args: string[][]): Promise<void> {
  await runFile("openssl", args.flat());
}

async function readPair(at: (file: string) => string): Promise<KeyPair> {
  return { certificate: await readFile(at("certificate"), "utf8"), key: await readFile(at("key"), "utf8") };
}

/** openssl works with files; ours are gone when it is done. */
async function inFolder<Result>(work: (at: (file: string) => string) => Promise<Result>): Promise<Result> {
  const folder = await mkdtemp(join(tmpdir(), "automna-certificates-"));
  try {
    await chmod(folder, 0o700);
    return await work((file) => join(folder, file));
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}
