import { once } from "node:events";
import type { AddressInfo } from "node:net";
import { makeSilentLog } from "@automna/service-kit/log";
import { slotResourceName } from "@automna/contract/nodekeeper";
import { openEngine } from "../../../socket-proxy/src/engine.ts";
import { makeSocketProxy } from "../../../socket-proxy/src/make-proxy.ts";
import { provisionerAccess } from "../../../socket-proxy/src/routes.ts";
import { ask, type Target } from "../../../socket-proxy/src/testing/ask.ts";
import type { ScenarioContext } from "../harness/scenario.ts";
import { makeAttempts, type WallAttempt } from "../steps/walls/attempt.ts";
import type { Place } from "./place.ts";

type Json = Record<string, unknown>;
/** Enough to make a container of. */
const EMPTY_IMAGE = "empty";

/** What a slot's service would have to hold so that its agent gets out, asked for at the Swarm's Docker by a provisioner taken over. */
export async function attackEngine(ctx: ScenarioContext, place: Place): Promise<void> {
  const { cell, image } = place.installation;
  const { docker, socketPath } = cell.manager.engine;
  const policy = {
    installId: cell.installId,
    images: [image.slice(0, image.lastIndexOf(":"))],
    ports: cell.ports,
    network: cell.network,
  };
  const server = makeSocketProxy({
    access: provisionerAccess(policy),
    engine: openEngine(socketPath),
    log: makeSilentLog(),
  });
  ctx.onCleanup("close the socket proxy", () => {
    server.closeAllConnections();
    server.close();
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const proxy = { port: (server.address() as AddressInfo).port };

  const empty = { method: "POST", target: `/images/create?fromSrc=-&repo=${EMPTY_IMAGE}`, body: "\0".repeat(10_240) };
  await ask({ path: socketPath }, empty);
  const slotId = `slt_${ctx.random.hex(20)}`;
  const service = (await docker.getService(slotResourceName(place.neighbour.slotId)).inspect()) as { Spec: Json };
  const secret = await docker.createSecret({
    Name: `${slotResourceName(slotId)}-root-key`,
    Labels: { "automna.install": cell.installId, "automna.slot": slotId },
    Data: Buffer.from(ctx.random.hex(32)).toString("base64"),
  });
  const { SecretID: theirs } = secretOf(service.Spec);
  const own = JSON.stringify(service.Spec).replaceAll(place.neighbour.slotId, slotId).replaceAll(theirs, secret.id);
  const attempts = serviceAttempts({ own: JSON.parse(own) as Json, place, theirs, slotId });
  const create = (to: Target, body: Json) => async () => {
    const { status, text } = await ask(to, { method: "POST", target: "/services/create", body });
    await docker
      .getService(slotResourceName(slotId))
      .remove()
      .catch(() => undefined);
    return `${status} ${text}`;
  };
  const fits = await create(proxy, stopped(JSON.parse(own) as Json))();
  ctx.hold(fits.startsWith("201 "), "the socket proxy passes a slot's service as it should be", fits);
  const other = otherAttempts(place).map(([name, request, proof]): WallAttempt => ({
    name,
    guard: "the socket proxy",
    withoutGuard: async () => (await ask({ path: socketPath }, request)).text,
    withGuard: async () => (await ask(proxy, request)).text,
    proves: (said) => proof.test(said),
  }));
  const made = attempts.map(([what, body]): WallAttempt => ({
    name: `a slot's service with ${what}`,
    guard: "the socket proxy",
    withoutGuard: create({ path: socketPath }, stopped(body)),
    withGuard: create(proxy, stopped(body)),
    proves: (said) => said.startsWith("201 "),
  }));
  await makeAttempts(ctx, [...made, ...other]);
  await docker.getSecret(secret.id).remove();
}

interface Ingredients {
  own: Json;
  place: Place;
  theirs: string;
  slotId: string;
}

function serviceAttempts({ own, place, theirs, slotId }: Ingredients): readonly [string, Json][] {
  const { neighbour } = place;
  const change = (edit: (container: Json, spec: Json) => void): Json => {
    const spec = structuredClone(own);
    edit((spec["TaskTemplate"] as { ContainerSpec: Json }).ContainerSpec, spec);
    return spec;
  };
  const mounted = (mount: Json) =>
    change((container) => (container["Mounts"] = [...(container["Mounts"] as Json[]), mount]));
  return [
    ["the node's files", mounted({ Type: "bind", Source: "/", Target: "/node" })],
    ["Docker's socket", mounted({ Type: "bind", Source: "/var/run/docker.sock", Target: "/docker.sock" })],
    [
      "B's disk",
      JSON.parse(JSON.stringify(own).replaceAll(`/dev/automna/${slotId}`, `/dev/automna/${neighbour.slotId}`)) as Json,
    ],
    ["a capability", change((container) => (container["CapabilityAdd"] = ["CAP_SYS_ADMIN"]))],
    ["a root that can be written", change((container) => (container["ReadOnly"] = false))],
    ["root as its user", change((container) => (container["User"] = "0"))],
    [
      "B's secret",
      change((container) => {
        const [secret] = container["Secrets"] as Json[];
        Object.assign(secret ?? {}, { SecretID: theirs, SecretName: `${slotResourceName(neighbour.slotId)}-root-key` });
      }),
    ],
    ["no limits", change((_, spec) => ((spec["TaskTemplate"] as Json)["Resources"] = {}))],
    [
      "the node's own network",
      change((_, spec) => ((spec["TaskTemplate"] as Json)["Networks"] = [{ Target: "host" }])),
    ],
  ];
}

function otherAttempts({
  neighbour,
}: Place): readonly [string, { method: string; target: string; body?: unknown }, RegExp][] {
  const privileged = { Image: EMPTY_IMAGE, Cmd: ["x"], HostConfig: { Privileged: true } };
  return [
    ["reads how to join the Swarm by Docker's socket", { method: "GET", target: "/swarm" }, /SWMTKN-/],
    ["lists containers by Docker's socket", { method: "GET", target: "/containers/json?all=1" }, /^\[/],
    ["lists networks by Docker's socket", { method: "GET", target: "/networks" }, /"Name":"automna-agents"/],
    [
      "makes a privileged container by Docker's socket",
      { method: "POST", target: "/containers/create", body: privileged },
      /"Id":"[0-9a-f]{64}"/,
    ],
    [
      "reads a service's logs by Docker's socket",
      { method: "GET", target: `/services/${slotResourceName(neighbour.slotId)}/logs?stdout=1&tail=1` },
      /level/,
    ],
  ];
}

/** Nothing of it ever runs. */
function stopped(spec: Json): Json {
  return { ...spec, Mode: { Replicated: { Replicas: 0 } } };
}

function secretOf(spec: Json): { SecretID: string } {
  const [secret] = (spec["TaskTemplate"] as { ContainerSpec: { Secrets: { SecretID: string }[] } }).ContainerSpec
    .Secrets;
  if (secret === undefined) throw new Error("a slot's service has a secret");
  return secret;
}
