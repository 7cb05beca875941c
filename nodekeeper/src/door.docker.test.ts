import { randomBytes } from "node:crypto";
import { once } from "node:events";
import { connect, type Socket } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import { connect as connectTls } from "node:tls";
import { nodeCertificateName, PROVISIONER_CERTIFICATE_NAME } from "@automna/contract/nodekeeper";
import { idFrom } from "@automna/core/shared/ids";
import { makeCertificateAuthority, signCertificate, type KeyPair } from "@automna/service-kit/cell-certificates";
import { command } from "@automna/testkit/docker/command";
import {
  makeCellCertificates,
  startNodekeeper,
  type CellCertificates,
  type LabNodekeeper,
} from "@automna/testkit/docker/lab-nodekeeper";
import { startSwarmLab, type SwarmLab } from "@automna/testkit/docker/swarm-lab";
import { afterAll, beforeAll, describe, expect, test } from "vitest";

let lab: SwarmLab;
let keeper: LabNodekeeper;
let certificates: CellCertificates;
beforeAll(async () => {
  lab = await startSwarmLab({ size: 1 });
  certificates = await makeCellCertificates();
  keeper = await startNodekeeper({ lab, node: lab.manager, certificates });
});
afterAll(async () => {
  await lab.remove();
  await keeper.remove();
});

/** Ended, by whomever and however. */
function closed(socket: Socket): Promise<void> {
  return new Promise((resolve) => socket.once("close", () => resolve()));
}

/** What a caller with these certificates gets of an honest request, to the last byte. */
async function ask(identity: KeyPair | null, options: { maxVersion?: "TLSv1.2" } = {}): Promise<string> {
  const socket = connectTls({
    host: keeper.host,
    port: keeper.port,
    ca: certificates.authority.certificate,
    servername: nodeCertificateName(keeper.name),
    ...(identity === null ? {} : { cert: identity.certificate, key: identity.key }),
    ...options,
  });
  const received: Buffer[] = [];
  socket.on("data", (chunk: Buffer) => received.push(chunk));
  // What is refused ends in an error here too, by version and moment.
  socket.on("error", () => undefined);
  socket.write("GET /v1/health HTTP/1.1\r\nhost: node\r\nconnection: close\r\n\r\n");
  await closed(socket);
  return Buffer.concat(received).toString("utf8");
}

describe("nodekeeper's door", () => {
  test("opens to the provisioner's certificate", async () => {
    expect(await ask(certificates.provisioner)).toContain("200 OK");
  });

  const strangers: [string, () => Promise<KeyPair | null>][] = [
    ["no certificate", () => Promise.resolve(null)],
    [
      "the provisioner's name from another CA",
      async () =>
        signCertificate(await makeCertificateAuthority(7), {
          name: PROVISIONER_CERTIFICATE_NAME,
          use: "client",
          days: 7,
        }),
    ],
    ["a certificate that it signed itself", () => makeCertificateAuthority(7)],
    ["another name from the right CA", () => certificates.sign("api.automna", "client")],
    [
      "a name that only begins like the provisioner's",
      () => certificates.sign(`${PROVISIONER_CERTIFICATE_NAME}.evil`, "client"),
    ],
    ["a name of which the provisioner's would be a part", () => certificates.sign("*.automna", "client")],
    ["another node's certificate", () => certificates.sign(nodeCertificateName("node2"), "server")],
    ["its own certificate", () => certificates.sign(nodeCertificateName(keeper.name), "client")],
    [
      "the provisioner's name in a server's certificate",
      () => certificates.sign(PROVISIONER_CERTIFICATE_NAME, "server"),
    ],
    [
      "the provisioner's certificate when it has expired",
      () => certificates.sign(PROVISIONER_CERTIFICATE_NAME, "client", -1),
    ],
    [
      "a certificate that another certificate of the CA signed",
      () => signCertificate(certificates.provisioner, { name: PROVISIONER_CERTIFICATE_NAME, use: "client", days: 7 }),
    ],
    [
      "the right certificate and another key",
      async () => ({
        certificate: certificates.provisioner.certificate,
        key: (await certificates.sign("api.automna", "client")).key,
      }),
    ],
  ];
  test.each(strangers)("says nothing to %s", async (_, identity) => {
    const shown = await identity();
    // Node's own client would not even send a key that does not fit: then there is nothing to try.
    const answered = await ask(shown).catch((error: unknown) => `refused here: ${String(error)}`);
    expect(answered).not.toContain("HTTP/");
    expect(answered === "" || answered.startsWith("refused here")).toBe(true);
  });

  test("says nothing to TLS 1.2, to plain HTTP and to bytes that are neither", async () => {
    expect(await ask(certificates.provisioner, { maxVersion: "TLSv1.2" })).toBe("");
    for (const bytes of ["GET /v1/health HTTP/1.1\r\nhost: node\r\n\r\n", "\x16\x03\x01", randomBytes(2_000)]) {
      const socket = connect(keeper.port, keeper.host);
      let received = "";
      socket.on("data", (chunk: Buffer) => (received += chunk.toString("latin1")));
      socket.on("error", () => undefined);
      socket.end(bytes);
      await closed(socket);
      // At most TLS's own alert.
      expect(received).not.toContain("HTTP/");
      expect(received.length).toBeLessThan(16);
    }
  });

  test("does not let somebody who says nothing hold it", async () => {
    const silent = connect(keeper.port, keeper.host);
    const half = connectTls({
      host: keeper.host,
      port: keeper.port,
      ca: certificates.authority.certificate,
      servername: nodeCertificateName(keeper.name),
      cert: certificates.provisioner.certificate,
      key: certificates.provisioner.key,
    });
    half.on("error", () => undefined);
    silent.on("error", () => undefined);
    half.write("GET /v1/health HTTP/1.1\r\nhost: no");
    const startedAt = performance.now();
    await Promise.all([closed(silent), closed(half)]);
    expect(performance.now() - startedAt).toBeLessThan(20_000);
  });
});

const slotId = idFrom("slt", randomBytes(20));
const refusals: [string, { method?: string; path: string; fencing?: number | string; body?: unknown }, number][] = [
  ["an unknown route", { path: "/v1/slots/all/exec" }, 404],
  ["the root", { path: "/" }, 404],
  ["a known path under another method", { method: "POST", path: "/v1/health" }, 404],
  ["a path with something behind it", { path: "/v1/health/" }, 404],
  ["a parent folder as slot", { method: "DELETE", path: "/v1/slots/../volume", fencing: 1 }, 404],
  ["an encoded parent folder", { method: "DELETE", path: "/v1/slots/%2e%2e/volume", fencing: 1 }, 404],
  ["an encoded slash in the slot", { method: "DELETE", path: `/v1/slots/${slotId}%2f..%2f/volume`, fencing: 1 }, 404],
  ["a slot that looks like an option", { method: "DELETE", path: "/v1/slots/--help/volume", fencing: 1 }, 404],
  ["a longer slot", { path: `/v1/slots/${slotId}0` }, 404],
  ["a parent folder as snapshot", { method: "PUT", path: `/v1/slots/${slotId}/snapshots/..`, fencing: 1 }, 404],
  ["a hidden snapshot", { method: "PUT", path: `/v1/slots/${slotId}/snapshots/.x`, fencing: 1 }, 404],
  ["a query nobody asked for", { path: `/v1/slots/${slotId}?x=1` }, 400],
  ["a snapshot twice", { path: `/v1/slots/${slotId}/content?snapshot=a&snapshot=b` }, 400],
  ["a path as the snapshot to send", { path: `/v1/slots/${slotId}/content?snapshot=../../x` }, 400],
  ["a change without a fencing number", { method: "DELETE", path: `/v1/slots/${slotId}/volume` }, 400],
  ["a fencing number that is none", { method: "DELETE", path: `/v1/slots/${slotId}/volume`, fencing: "1, 2" }, 400],
  ["a volume of no size", { method: "PUT", path: `/v1/slots/${slotId}/volume`, fencing: 1, body: {} }, 400],
  ["a volume below zero", { method: "PUT", path: `/v1/slots/${slotId}/volume`, fencing: 1, body: { sizeMb: -1 } }, 400],
  [
    "a volume beyond everything",
    { method: "PUT", path: `/v1/slots/${slotId}/volume`, fencing: 1, body: { sizeMb: 1e12 } },
    400,
  ],
  [
    "a word too many",
    { method: "PUT", path: `/v1/slots/${slotId}/volume`, fencing: 1, body: { sizeMb: 64, path: "/etc" } },
    400,
  ],
  [
    "a body that is no JSON",
    { method: "PUT", path: `/v1/slots/${slotId}/volume`, fencing: 1, body: Buffer.from("{") },
    400,
  ],
  [
    "a body without end",
    { method: "PUT", path: `/v1/slots/${slotId}/volume`, fencing: 1, body: Buffer.alloc(5_000, "x") },
    413,
  ],
];

describe("of the provisioner itself", () => {
  test.each(refusals)("%s is refused and nothing changes", async (_, call, status) => {
    const answer = await keeper.call(call);
    expect(answer.status).toBe(status);
    expect((await keeper.call({ path: "/v1/slots" })).json()).toEqual([]);
  });

  test("a body of 200 MB ends the connection long before it was read", async () => {
    const socket = connectTls({
      host: keeper.host,
      port: keeper.port,
      ca: certificates.authority.certificate,
      servername: nodeCertificateName(keeper.name),
      cert: certificates.provisioner.certificate,
      key: certificates.provisioner.key,
    });
    let sent = 0;
    socket.on("error", () => undefined);
    socket.write(
      `PUT /v1/slots/${slotId}/volume HTTP/1.1\r\nhost: node\r\nautomna-fencing: 1\r\ncontent-length: 200000000\r\n\r\n`,
    );
    const chunk = Buffer.alloc(65_536, "x");
    while (!socket.destroyed && sent < 200_000_000) {
      sent += chunk.length;
      if (!socket.write(chunk))
        await Promise.race([once(socket, "drain"), once(socket, "close"), sleep(2_000)]).catch(() => undefined);
    }
    socket.destroy();
    expect(sent).toBeLessThan(50_000_000);
  });

  test("many connections at once keep it from nothing", async () => {
    const holders = Array.from({ length: 100 }, () => connect(keeper.port, keeper.host).on("error", () => undefined));
    await sleep(200);
    expect((await keeper.call({ path: "/v1/health" })).status).toBe(200);
    for (const holder of holders) holder.destroy();
  });
});

test("key, certificate and CA stand in no argument, no log and no answer", async () => {
  const secret = certificates.provisioner.key.split("\n")[1] ?? "";
  const own = keeper.log();
  const processes = await command(["ps", "-eo", "args"]);
  for (const text of [own, processes]) {
    expect(text).not.toContain("PRIVATE KEY");
    expect(text).not.toContain(secret);
  }
});
