import { once } from "node:events";
import type { AddressInfo } from "node:net";
import { makeLog } from "@automna/service-kit/log";
import { startSwarmLab, type SwarmLab } from "@automna/testkit/docker/swarm-lab";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { openEngine } from "./engine.ts";
import { makeSocketProxy } from "./make-proxy.ts";
import { edgeAccess, provisionerAccess } from "./routes.ts";
import { ask, send, type RawRequest, type Target } from "./testing/ask.ts";
import {
  changed,
  INSTALL_ID,
  secretBody,
  serviceBody,
  slotA,
  slotB,
  slotLabels,
  type Json,
} from "./testing/slot-body.ts";

// Each attack is tried twice: on the engine's own socket, where it must succeed, and on the proxy, where it must not.

const FOREIGN = "somebody-elses";
const policy = {
  installId: INSTALL_ID,
  images: ["automna/agent"],
  ports: { first: 21_000, last: 21_099 },
  network: "automna-agents",
};
const servers: ReturnType<typeof makeSocketProxy>[] = [];
let lab: SwarmLab;
let engine: Target;
let proxy: Target;
let edge: Target;
let nodeId: string;
let secretId: string;
let foreign: { service: string; secret: string };
let containerId: string;

async function idOf(to: Target, request: RawRequest): Promise<string> {
  const { status, text } = await ask(to, request);
  expect(status, text).toBe(201);
  const made = JSON.parse(text.slice(text.indexOf("{"), text.lastIndexOf("}") + 1)) as { ID?: string; Id?: string };
  return made.ID ?? made.Id ?? "";
}

beforeAll(async () => {
  lab = await startSwarmLab({ size: 1 });
  const { docker, socketPath } = lab.manager.engine;
  engine = { path: socketPath };
  ({ nodeId } = lab.manager);
  await docker.createNetwork({
    Name: "agents-config",
    ConfigOnly: true,
    IPAM: { Config: [{ Subnet: "10.201.0.0/24" }] },
  });
  await docker.createNetwork({
    Name: "automna-agents",
    Driver: "bridge",
    Scope: "swarm",
    ConfigFrom: { Network: "agents-config" },
  });
  // An image without anything in it: enough to make a container of.
  await ask(engine, { method: "POST", target: "/images/create?fromSrc=-&repo=empty", body: "\0".repeat(10_240) });
  containerId = await idOf(engine, {
    method: "POST",
    target: "/containers/create?name=victim",
    body: { Image: "empty", Cmd: ["x"] },
  });
  const log = makeLog("socket-proxy", "silent");
  for (const access of [provisionerAccess(policy), edgeAccess()]) {
    const server = makeSocketProxy({ access, engine: openEngine(socketPath), log });
    server.listen(0, "127.0.0.1");
    await once(server, "listening");
    servers.push(server);
  }
  const [first, second] = servers.map((server) => ({ port: (server.address() as AddressInfo).port }));
  if (first === undefined || second === undefined) throw new Error("no proxy");
  [proxy, edge] = [first, second];
  secretId = await idOf(proxy, { method: "POST", target: "/secrets/create", body: secretBody(slotA) });
  foreign = {
    secret: await idOf(engine, {
      method: "POST",
      target: "/secrets/create",
      body: { ...secretBody(slotB), Name: FOREIGN, Labels: {} },
    }),
    service: await idOf(engine, {
      method: "POST",
      target: "/services/create",
      body: {
        Name: FOREIGN,
        TaskTemplate: { ContainerSpec: { Image: "empty" } },
        Mode: { Replicated: { Replicas: 0 } },
      },
    }),
  };
});
afterAll(async () => {
  for (const server of servers) server.close();
  await lab.remove();
});

const good = () => serviceBody(slotA, { nodeId, secretId });
const create = (body: unknown, headers?: readonly string[]): RawRequest => ({
  method: "POST",
  target: "/services/create",
  body,
  ...(headers === undefined ? {} : { headers }),
});
/** What the engine has under the slot's name, and nothing of it afterwards. */
async function takeAway(): Promise<string> {
  const { text } = await ask(engine, { method: "GET", target: `/services/automna-${slotA}` });
  await ask(engine, { method: "DELETE", target: `/services/automna-${slotA}` });
  return text;
}

describe("what the provisioner may", () => {
  test("make a slot's service, find, change as the engine shows it, and remove it; twice is once", async () => {
    const made = await ask(proxy, create(good()));
    expect(made.status, made.text).toBe(201);
    expect((await ask(proxy, create(good()))).status).toBe(409);
    const found = await ask(proxy, { method: "GET", target: `/v1.41/services/automna-${slotA}` });
    const { Spec: spec, Version: version } = JSON.parse(found.text) as { Spec: Json; Version: { Index: number } };
    const update = await ask(proxy, {
      method: "POST",
      target: `/services/automna-${slotA}/update?version=${version.Index}`,
      body: changed(spec, "TaskTemplate.ForceUpdate", 1),
    });
    expect(update.status, update.text).toBe(200);
    const listed = await ask(proxy, { method: "GET", target: "/services?filters=%7B%7D" });
    expect(listed.text).toContain(slotA);
    expect(listed.text).not.toContain(FOREIGN);
    expect((await ask(proxy, { method: "DELETE", target: `/services/automna-${slotA}` })).status).toBe(200);
    expect((await ask(proxy, { method: "DELETE", target: `/services/automna-${slotA}` })).status).toBe(404);
  });

  test("hear of its own slots and of nodes, and of nobody else's services", async () => {
    const since = Math.floor(Date.now() / 1000) - 60;
    await ask(proxy, create(good()));
    await takeAway();
    const target = `/events?since=${since}&until=${Math.floor(Date.now() / 1000) + 2}`;
    expect((await ask(engine, { method: "GET", target })).text).toContain(FOREIGN);
    const { text } = await ask(proxy, { method: "GET", target });
    expect(text).toContain(`automna-${slotA}`);
    expect(text).not.toContain(FOREIGN);
  });

  test.each(["nodes", "version", "_ping", "networks/automna-agents", "tasks", "secrets"])(
    "look at %s",
    async (path) => {
      expect((await ask(proxy, { method: "GET", target: `/${path}` })).status).toBe(200);
    },
  );
});

const containerSpec = "TaskTemplate.ContainerSpec";
const root = { Type: "bind", Source: "/", Target: "/host" };
const withMount = (mount: Json) => {
  const body = good();
  const { Mounts: mounts } = (body["TaskTemplate"] as { ContainerSpec: { Mounts: Json[] } }).ContainerSpec;
  return changed(body, `${containerSpec}.Mounts`, [...mounts, mount]);
};
const set = (path: string, value: unknown) => () => changed(good(), path, value);
/** The text of a body with more text behind the beginning of an object of it. */
const inText = (before: string, added: string) => () => {
  const text = JSON.stringify(good());
  expect(text.split(before).length).toBe(2);
  return text.replace(before, `${before}${added}`);
};
const bindText = JSON.stringify([root]);

/** Bodies that the engine takes, with a word of what it then has that no slot may have. */
const bodies: readonly [name: string, body: () => unknown, trace: RegExp][] = [
  ["the node's whole file system", () => withMount(root), /"Source":"\/"/],
  ["Docker's socket", () => withMount({ Type: "bind", Source: "/var/run/docker.sock", Target: "/s" }), /docker\.sock/],
  [
    "a volume that is a bind mount",
    () =>
      withMount({
        Type: "volume",
        Source: "x",
        Target: "/x",
        VolumeOptions: { DriverConfig: { Name: "local", Options: { type: "none", o: "bind", device: "/" } } },
      }),
    /"o":"bind"/,
  ],
  [
    "another slot's volume",
    () =>
      JSON.parse(JSON.stringify(good()).replace(`"Source":"automna-${slotA}"`, `"Source":"automna-${slotB}"`)) as Json,
    new RegExp(`"Source":"automna-${slotB}`),
  ],
  [
    "another slot's device",
    () => JSON.parse(JSON.stringify(good()).replace(`/dev/automna/${slotA}`, `/dev/automna/${slotB}`)) as Json,
    new RegExp(`/dev/automna/${slotB}`),
  ],
  [
    "the whole disk as its volume",
    () => JSON.parse(JSON.stringify(good()).replace(`/dev/automna/${slotA}`, "/dev/vda")) as Json,
    /\/dev\/vda/,
  ],
  [
    "a file system with an option that is none of its",
    () => JSON.parse(JSON.stringify(good()).replace('"type":"ext4"', '"type":"ext4","o":"suid,dev"')) as Json,
    /suid/,
  ],
  ["a capability", set(`${containerSpec}.CapabilityAdd`, ["CAP_SYS_ADMIN"]), /SYS_ADMIN/],
  [
    "all capabilities that containers have",
    set(`${containerSpec}.CapabilityDrop`, undefined),
    /^(?!.*CapabilityDrop)/s,
  ],
  ["a root that can be written", set(`${containerSpec}.ReadOnly`, false), /^(?!.*"ReadOnly":true)/s],
  ["a foreign image", set(`${containerSpec}.Image`, "evil.example/automna/agent:1"), /evil\.example/],
  ["an image of a longer name", set(`${containerSpec}.Image`, "automna/agent-evil:1"), /agent-evil/],
  ["an image by its id, which could be any", set(`${containerSpec}.Image`, "empty"), /"Image":"empty/],
  ["another program in the image", set(`${containerSpec}.Command`, ["sh"]), /"Command"/],
  ["arguments of its own", set(`${containerSpec}.Args`, ["-c"]), /"Args"/],
  ["another user", set(`${containerSpec}.User`, "0"), /"User":"0"/],
  ["a variable that Node obeys", set(`${containerSpec}.Env`, ["NODE_OPTIONS=--inspect"]), /NODE_OPTIONS/],
  ["kernel settings", set(`${containerSpec}.Sysctls`, { "net.ipv4.ip_forward": "1" }), /Sysctls/],
  [
    "limits of files",
    set(`${containerSpec}.Ulimits`, [{ Name: "nofile", Hard: 1_000_000, Soft: 1_000_000 }]),
    /Ulimits/,
  ],
  ["names of hosts", set(`${containerSpec}.Hosts`, ["10.0.0.1 api.anthropic.com"]), /Hosts/],
  ["a probe that runs a program", set(`${containerSpec}.HealthCheck`, { Test: ["CMD", "id"] }), /"CMD","id"/],
  ["no limits", set("TaskTemplate.Resources", undefined), /^(?!.*MemoryBytes)/s],
  [
    "a log that goes elsewhere",
    set("TaskTemplate.LogDriver", { Name: "syslog", Options: { "syslog-address": "tcp://203.0.113.1:514" } }),
    /syslog/,
  ],
  ["restarts that nobody decided about", set("TaskTemplate.RestartPolicy", { Condition: "any" }), /"Condition":"any"/],
  ["any node", set("TaskTemplate.Placement", {}), /^(?!.*node\.id==)/s],
  ["the node's own network", set("TaskTemplate.Networks", [{ Target: "host" }]), /"Networks"/],
  ["two copies of one slot", set("Mode.Replicated.Replicas", 2), /"Replicas":2/],
  ["a copy on every node", set("Mode", { Global: {} }), /"Global"/],
  ["a second one before the first is gone", set("UpdateConfig.Order", "start-first"), /start-first/],
  [
    "a port of every node",
    () =>
      JSON.parse(
        JSON.stringify(good()).replace('"dnsrr"', '"vip"').replace('"PublishMode":"host"', '"PublishMode":"ingress"'),
      ) as Json,
    /"ingress"/,
  ],
  ["a port that is not the agents'", () => serviceBody(slotA, { nodeId, secretId, port: 2_377 }), /2377/],
  [
    "another port of the container",
    () => JSON.parse(JSON.stringify(good()).replace("18789", "22")) as Json,
    /"TargetPort":22[,}]/,
  ],
  [
    "the label of another installation",
    () => ({ ...good(), Labels: slotLabels(slotA, "other") }),
    /"automna.install":"other"/,
  ],
  ["no label", () => ({ ...good(), Labels: {} }), /"Name":"automna-slt_a{20}","Labels":\{\}/],
  [
    "labels that the edge routes by",
    () => ({ ...good(), Labels: { ...slotLabels(slotA), "traefik.enable": "true" } }),
    /traefik/,
  ],
  [
    "somebody's secret",
    () => {
      const text = JSON.stringify(serviceBody(slotA, { nodeId, secretId: foreign.secret }));
      return JSON.parse(text.replace(`automna-${slotA}-root-key`, FOREIGN)) as Json;
    },
    /"SecretName":"somebody-elses"/,
  ],
];

describe("what a slot's service may not have", () => {
  test.each(bodies)("%s", async (_name, body, trace) => {
    const direct = await ask(engine, create(body()));
    expect(direct.status, `on the bare engine: ${direct.text}`).toBe(201);
    expect(await takeAway()).toMatch(trace);
    const through = await ask(proxy, create(body()));
    expect(through.status, through.text).toBe(403);
    expect(await takeAway()).toContain("not found");
  });

  // Go takes keys of any case, also with letters that only fold to the right ones, and merges what comes twice.
  const tricks: readonly [string, () => string][] = [
    ["a key in small letters", inText('"Init":true', `,"mounts":${bindText}`)],
    ["a key in mixed letters", inText('"Init":true', `,"mOUNTS":${bindText}`)],
    ["a key with a long s", inText('"Init":true', `,"Mount\u017F":${bindText}`)],
    ["a key that is spelled by escapes", inText('"Init":true', `,"\\u006dounts":${bindText}`)],
    [
      "the same object twice, the worse one last",
      inText('"ForceUpdate":0', `,"ContainerSpec":{"CapabilityAdd":["CAP_SYS_ADMIN"]}`),
    ],
  ];
  test.each(tricks)("hidden: %s", async (_name, body) => {
    // Where the original key comes later it would win: it is taken out.
    const text = body().replace(/"Mounts":\[.*?\],"Secrets"/, '"Secrets"');
    const direct = await ask(engine, create(text));
    expect(direct.status, direct.text).toBe(201);
    expect(await takeAway()).toMatch(/"Source":"\/"|SYS_ADMIN/);
    expect((await ask(proxy, create(text))).status).toBe(403);
    expect((await ask(proxy, create(body()))).status).toBe(403);
    expect(await takeAway()).toContain("not found");
  });

  test("the same object twice, the worse one first: what passes is what was checked", async () => {
    const text = JSON.stringify(good()).replace(
      '"ContainerSpec":{',
      '"ContainerSpec":{"Sysctls":{"net.ipv4.ip_forward":"1"}},"ContainerSpec":{',
    );
    expect((await ask(engine, create(text))).status).toBe(201);
    expect(await takeAway()).toContain("Sysctls");
    expect((await ask(proxy, create(text))).status).toBe(201);
    expect(await takeAway()).not.toContain("Sysctls");
  });

  test("a body in pieces is the same body", async () => {
    const text = JSON.stringify(withMount(root));
    const pieces = `${text.length.toString(16)}\r\n${text}\r\n0\r\n\r\n`;
    const head =
      "POST /services/create HTTP/1.1\r\nHost: docker\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\nConnection: close\r\n\r\n";
    expect((await send(engine, head + pieces)).status).toBe(201);
    expect(await takeAway()).toContain('"Source":"/"');
    expect((await send(proxy, head + pieces)).status).toBe(403);
  });

  const SETTLING = { interval: 1_000, timeout: 20_000 };
  test("nor by an update", async () => {
    await ask(proxy, create(good()));
    const read = async () =>
      JSON.parse((await ask(engine, { method: "GET", target: `/services/automna-${slotA}` })).text) as {
        ID: string;
        Version: { Index: number };
        Spec: Json;
      };
    const update = (to: Target, { ID, Version }: Awaited<ReturnType<typeof read>>, body: unknown, more = "") =>
      ask(to, { method: "POST", target: `/services/${ID}/update?version=${Version.Index}${more}`, body });
    // Swarm itself writes down how an update goes, and what was read before that is out of sequence.
    const updateAtEngine = async (body: unknown, triesLeft = 5): Promise<number> => {
      const { status, text } = await update(engine, await read(), body);
      if (triesLeft === 0 || !text.includes("out of sequence")) return status;
      return updateAtEngine(body, triesLeft - 1);
    };
    for (const [name, body] of bodies.slice(0, 12)) {
      expect(await updateAtEngine(body()), name).toBe(200);
      expect(await updateAtEngine(good()), name).toBe(200);
      expect((await update(proxy, await read(), body())).status, name).toBe(403);
    }
    // Its version is compared below: what Swarm has to write down of the last update is written first.
    let seen = -1;
    await expect
      .poll(async () => {
        const last = seen;
        seen = (await read()).Version.Index;
        return seen === last;
      }, SETTLING)
      .toBe(true);
    const before = await read();
    expect((await update(proxy, before, good(), "&rollback=previous")).status).toBe(403);
    expect((await update(proxy, before, good(), "&version=1")).status).toBe(403);
    expect((await update(proxy, before, serviceBody(slotB, { nodeId, secretId }))).status).toBe(403);
    expect((await read()).Version).toEqual(before.Version);
    await takeAway();
  });
});

describe("what is not the provisioner's", () => {
  const privileged = { Image: "empty", Cmd: ["x"], HostConfig: { Privileged: true, Binds: ["/:/host"] } };
  const attacks: readonly [string, () => RawRequest][] = [
    ["list containers", () => ({ method: "GET", target: "/containers/json?all=1" })],
    ["read a file of a container", () => ({ method: "GET", target: `/containers/${containerId}/archive?path=/` })],
    ["take a container as a tar", () => ({ method: "GET", target: `/containers/${containerId}/export` })],
    ["make a privileged container", () => ({ method: "POST", target: "/containers/create", body: privileged })],
    ["rename a container", () => ({ method: "POST", target: `/containers/${containerId}/rename?name=x${Date.now()}` })],
    ["list images", () => ({ method: "GET", target: "/images/json" })],
    [
      "bring an image",
      () => ({ method: "POST", target: "/images/create?fromSrc=-&repo=evil", body: "\0".repeat(10_240) }),
    ],
    ["name an image as ours", () => ({ method: "POST", target: "/images/empty/tag?repo=automna/agent&tag=evil" })],
    [
      "make a volume that is the node's root",
      () => ({
        method: "POST",
        target: "/volumes/create",
        body: { Driver: "local", DriverOpts: { type: "none", o: "bind", device: "/" } },
      }),
    ],
    ["list volumes", () => ({ method: "GET", target: "/volumes" })],
    [
      "make a network",
      () => ({
        method: "POST",
        target: "/networks/create",
        body: { Name: `net${Math.random().toString(36).slice(2)}` },
      }),
    ],
    ["list networks", () => ({ method: "GET", target: "/networks" })],
    ["read the Swarm's join tokens", () => ({ method: "GET", target: "/swarm" })],
    ["read the key that unlocks managers", () => ({ method: "GET", target: "/swarm/unlockkey" })],
    ["list configs", () => ({ method: "GET", target: "/configs" })],
    [
      "make a config",
      () => ({
        method: "POST",
        target: "/configs/create",
        body: { Name: `c${Math.random().toString(36).slice(2)}`, Data: "eA==" },
      }),
    ],
    ["list plugins", () => ({ method: "GET", target: "/plugins" })],
    ["read what the engine is", () => ({ method: "GET", target: "/info" })],
    ["see what lies on the disk", () => ({ method: "GET", target: "/system/df" })],
    ["look at somebody else's service", () => ({ method: "GET", target: `/services/${foreign.service}` })],
    ["look at it by name", () => ({ method: "GET", target: `/services/${FOREIGN}` })],
    ["look at somebody else's secret", () => ({ method: "GET", target: `/secrets/${foreign.secret}` })],
    ["read a service's logs", () => ({ method: "GET", target: `/services/${FOREIGN}/logs?stdout=1` })],
    [
      "make a secret of another name",
      () => ({
        method: "POST",
        target: "/secrets/create",
        body: { ...secretBody(slotB), Name: `s${Math.random().toString(36).slice(2)}` },
      }),
    ],
    [
      "take a connection over",
      () => ({ method: "POST", target: "/session", headers: ["Connection: Upgrade", "Upgrade: h2c"] }),
    ],
    ["ask in an old version", () => ({ method: "GET", target: "/v1.24/services" })],
    ["ask with an escaped letter", () => ({ method: "GET", target: "/%63ontainers/json" })],
    ["ask with the address of a host", () => ({ method: "GET", target: "http://docker/containers/json" })],
    ["ask for a list with an unknown parameter", () => ({ method: "GET", target: "/services?status=true" })],
    [
      "ask for a list twice at once",
      () => ({ method: "GET", target: "/services?filters=%7B%7D&filters=%7B%22x%22%3A%5B%5D%7D" }),
    ],
    ["hide a body behind a read", () => ({ method: "GET", target: "/nodes", body: "GET /swarm HTTP/1.1\r\n\r\n" })],
  ];
  test.each(attacks)("%s", async (_name, request) => {
    const direct = await ask(engine, request());
    expect([101, 200, 201, 204], direct.text).toContain(direct.status);
    const through = await ask(proxy, request());
    expect([403, 404], through.text).toContain(through.status);
    expect(through.text).toMatch(/socket proxy|^$/);
  });

  test("remove what is somebody else's, or change it", async () => {
    const { text } = await ask(engine, { method: "GET", target: `/services/${FOREIGN}` });
    const { Version: version, Spec: spec } = JSON.parse(text) as { Version: { Index: number }; Spec: Json };
    const target = `/services/${FOREIGN}/update?version=${version.Index}`;
    expect((await ask(proxy, { method: "POST", target, body: spec })).status).toBe(403);
    expect((await ask(proxy, { method: "POST", target, body: good() })).status).toBe(404);
    expect((await ask(proxy, { method: "DELETE", target: `/services/${FOREIGN}` })).status).toBe(404);
    expect((await ask(proxy, { method: "DELETE", target: `/secrets/${foreign.secret}` })).status).toBe(404);
    expect((await ask(engine, { method: "POST", target, body: spec })).status).toBe(200);
    expect((await ask(engine, { method: "DELETE", target: `/secrets/${foreign.secret}` })).status).toBe(204);
  });

  test("change a node", async () => {
    const { text } = await ask(engine, { method: "GET", target: `/nodes/${nodeId}` });
    const { Version: version, Spec: spec } = JSON.parse(text) as { Version: { Index: number }; Spec: Json };
    const request = {
      method: "POST",
      target: `/nodes/${nodeId}/update?version=${version.Index}`,
      body: { ...spec, Labels: { a: "b" } },
    };
    expect((await ask(proxy, request)).status).toBe(403);
    expect((await ask(engine, request)).status).toBe(200);
  });

  test("send more than a service is long", async () => {
    const request = create(`${JSON.stringify(good())}${" ".repeat(200_000)}`);
    expect((await ask(engine, request)).status).toBe(201);
    await takeAway();
    const refused = await ask(proxy, request).catch(() => ({ status: 413 }));
    expect(refused.status).toBe(413);
    expect(await takeAway()).toContain("not found");
  });
});

describe("the edge", () => {
  test.each(["services", "tasks", "networks", "version", "v1.24/services"])("reads %s", async (path) => {
    expect((await ask(edge, { method: "GET", target: `/${path}` })).status).toBe(200);
  });

  test.each([
    ["GET", "/secrets"],
    ["GET", "/nodes"],
    ["GET", "/swarm"],
    ["GET", "/containers/json"],
    ["GET", "/configs"],
    ["GET", "/events?until=1"],
    ["POST", "/networks/create"],
  ])("gets nothing else: %s %s", async (method, target) => {
    const request = { method, target, ...(method === "POST" ? { body: { Name: "edge-net" } } : {}) };
    expect([200, 201]).toContain((await ask(engine, request)).status);
    expect((await ask(edge, request)).status).toBe(403);
  });
});
