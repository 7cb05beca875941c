import { X509Certificate } from "node:crypto";
import { mkdtemp, readdir, readFile, rm, stat } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { makeCellCertificates } from "./make-cell-certificates.ts";

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "automna-cell-certs-"));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

const options = { days: 30, isRenewing: false };
const certificate = async (name: string) => new X509Certificate(await readFile(join(folder, `${name}.pem`)));

test("makes a CA, the provisioner's and each node's certificate, each for its own name and use", async () => {
  await makeCellCertificates({ folder, nodes: ["node-1", "node-2"], ...options });
  const ca = await certificate("ca");
  expect(ca.ca).toBe(true);
  const provisioner = await certificate("provisioner");
  const node = await certificate("node-node-1");
  for (const each of [provisioner, node]) {
    expect(each.verify(ca.publicKey)).toBe(true);
    expect(each.ca).toBe(false);
    expect(each.validToDate.getTime() - Date.now()).toBeLessThan(31 * 24 * 3_600_000);
  }
  expect(provisioner.subjectAltName).toBe("DNS:provisioner.automna");
  expect(node.subjectAltName).toBe("DNS:node-1.nodekeeper.automna");
  // TLS client and TLS server authentication.
  expect(provisioner.keyUsage).toEqual(["1.3.6.1.5.5.7.3.2"]);
  expect(node.keyUsage).toEqual(["1.3.6.1.5.5.7.3.1"]);
  for (const file of (await readdir(folder)).filter((name) => name.endsWith("-key.pem")))
    expect((await stat(join(folder, file))).mode & 0o777, file).toBe(0o600);
});

test("again for a new node changes nothing that is there", async () => {
  await makeCellCertificates({ folder, nodes: ["node-1"], ...options });
  const before = (await certificate("node-node-1")).fingerprint256;
  expect(await makeCellCertificates({ folder, nodes: ["node-1", "node-2"], ...options })).toEqual([
    "node-node-2.pem",
    "node-node-2-key.pem",
  ]);
  expect((await certificate("node-node-1")).fingerprint256).toBe(before);
});

test("renewing keeps the CA, so that old and new know each other", async () => {
  await makeCellCertificates({ folder, nodes: ["node-1"], ...options });
  const [ca, node] = [(await certificate("ca")).fingerprint256, (await certificate("node-node-1")).fingerprint256];
  await makeCellCertificates({ folder, nodes: ["node-1"], ...options, isRenewing: true });
  expect((await certificate("ca")).fingerprint256).toBe(ca);
  expect((await certificate("node-node-1")).fingerprint256).not.toBe(node);
});
