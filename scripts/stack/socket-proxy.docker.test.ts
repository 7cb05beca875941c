import { once } from "node:events";
import type { AddressInfo } from "node:net";
import type { IncomingMessage, Server } from "node:http";
import { makeLog } from "@automna/service-kit/log";
import { makeAgentsNetwork } from "@automna/testkit/docker/lab-cell";
import { startSwarmLab, type SwarmLab } from "@automna/testkit/docker/swarm-lab";
import { afterAll, beforeAll, expect, test } from "vitest";
import { rootKeyName, toServiceSpec } from "../../provisioner/src/swarm/slot-service.ts";
import { dockerAt, makeSwarmEngine, type SwarmEngine } from "../../provisioner/src/swarm/swarm-engine.ts";
import { openEngine } from "../../socket-proxy/src/engine.ts";
import { makeSocketProxy } from "../../socket-proxy/src/make-proxy.ts";
import { provisionerAccess } from "../../socket-proxy/src/routes.ts";

// The provisioner's own client and its own service, through production's socket proxy: what one asks for the other lets pass.

const INSTALL_ID = "lab";
const slotId = "slt_0123456789abcdefghjk";
const ROOT_KEY = Buffer.from("a root key that nobody may see").toString("base64");
let lab: SwarmLab;
let proxy: Server;
let engine: SwarmEngine;
const targets: string[] = [];

beforeAll(async () => {
  lab = await startSwarmLab({ size: 1 });
  await makeAgentsNetwork(lab);
  const policy = {
    installId: INSTALL_ID,
    images: ["automna/agent"],
    ports: { first: 20_000, last: 20_999 },
    network: "automna-agents",
  };
  proxy = makeSocketProxy({
    access: provisionerAccess(policy),
    engine: openEngine(lab.manager.engine.socketPath),
    log: makeLog("socket-proxy", "silent"),
  });
  proxy.on("request", (request: IncomingMessage) => targets.push(request.url ?? ""));
  proxy.listen(0, "127.0.0.1");
  await once(proxy, "listening");
  const url = `http://127.0.0.1:${(proxy.address() as AddressInfo).port}`;
  engine = makeSwarmEngine({ docker: dockerAt(url), installId: INSTALL_ID });
});
afterAll(async () => {
  proxy.closeAllConnections();
  proxy.close();
  await lab.remove();
});

test("a slot's whole life passes the socket proxy, and its secret stands in no address", async () => {
  const { signal } = new AbortController();
  const labels = { "automna.install": INSTALL_ID, "automna.slot": slotId };
  const heard = new AbortController();
  let events = 0;
  const watching = engine.watch(() => (events += 1), heard.signal).catch(() => undefined);

  const secret = await engine.createSecret({ Name: rootKeyName(slotId), Labels: labels, Data: ROOT_KEY }, signal);
  if (secret === "taken") throw new Error("the lab is new");
  const slot = {
    slotId,
    keyGeneration: 1,
    rootKey: new Uint8Array(32),
    nodeId: lab.manager.nodeId,
    host: lab.manager.address,
    port: 20_001,
    memoryMb: 512,
    cpus: 0.5,
    pids: 128,
    volumeMb: 64,
    image: "automna/agent:test",
  };
  const settings = {
    installId: INSTALL_ID,
    network: "automna-agents",
    egressUrls: ["http://10.0.0.2:4080"],
    dns: ["10.0.0.1"],
    logLevel: "info",
  };
  const spec = (run: number) => toServiceSpec(slot, settings, { run, replicas: 0, secretId: secret.id });
  expect(await engine.createService(spec(0), signal)).toBe("created");
  expect(await engine.createService(spec(0), signal)).toBe("taken");

  const found = await engine.findService(`automna-${slotId}`, signal);
  if (found === null) throw new Error("it was made");
  // As it is made, and as the engine showed it.
  expect(await engine.updateService(found, spec(1), signal)).toBe("updated");
  expect(await engine.updateService(found, spec(2), signal)).toBe("outdated");
  const again = await engine.findService(`automna-${slotId}`, signal);
  if (again === null) throw new Error("it is there");
  expect(await engine.updateService(again, again.spec, signal)).toBe("updated");

  expect((await engine.listServices(signal)).map(({ name }) => name)).toEqual([`automna-${slotId}`]);
  expect((await engine.listSecrets(signal)).map(({ name }) => name)).toEqual([rootKeyName(slotId)]);
  expect((await engine.findSecret(rootKeyName(slotId), signal))?.id).toBe(secret.id);
  expect(await engine.listTasks(signal)).toEqual([]);
  expect(await engine.listTasksOf(`automna-${slotId}`, signal)).toEqual([]);
  expect(await engine.listNodes(signal)).toHaveLength(1);
  await expect.poll(() => events).toBeGreaterThan(0);

  await engine.removeService(found.id, signal);
  await engine.removeSecret(secret.id, signal);
  expect(await engine.findService(`automna-${slotId}`, signal)).toBeNull();
  heard.abort();
  await watching;
  expect(targets.filter((target) => target.includes("Data") || target.includes(ROOT_KEY))).toEqual([]);
});
