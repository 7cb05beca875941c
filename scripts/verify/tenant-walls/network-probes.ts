import { X509Certificate } from "node:crypto";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { deriveSlotKey, identityProof } from "@automna/service-kit/slot-keys";
import { LAB_AGENTS } from "@automna/testkit/docker/lab-nodekeeper";
import type { LabNode } from "@automna/testkit/docker/swarm-lab";
import type { ControlPlane } from "./control-plane.ts";
import { probeDoor } from "./control-plane.ts";
import type { Place, Tenant } from "./place.ts";
import type { Probe } from "./probe.ts";
import {
  BROADCAST,
  DOCKER_BRIDGE,
  GATEWAY,
  GATEWAY_V6,
  INTERNET,
  LINK_LOCAL,
  MAIL_PORTS,
  METADATA,
  METADATA_V6,
  OWN_SERVER_PORT,
  PRIVATE_RANGES,
  PUBLIC,
  UDP_IN_RANGE,
  type Nonces,
} from "./stand-ins.ts";

/** A probe, and what only its far end answers. */
export interface WallProbe extends Probe {
  proof: string;
}

/** What the probes need to know of the far ends. */
export interface FarEnds {
  place: Place;
  nonces: Nonces;
  controlPlane: ControlPlane;
  /** Of certificates, by node. */
  keeperPrints: ReadonlyMap<LabNode, string>;
  managerPrint: string;
  engineIds: ReadonlyMap<LabNode, string>;
}

const AGENTD_PORT = 18_789;
const KEEPER_PORT = 7_443;
const QUESTION = "ab".repeat(16);
const get = (path: string) => `GET ${path} HTTP/1.1%nHost: x%nConnection: close%n%n`;
const nothing = { send: "" };

export async function knowFarEnds(place: Place, nonces: Nonces, controlPlane: ControlPlane): Promise<FarEnds> {
  const { manager, agentNodes } = place.installation.cell;
  const printOf = (path: string) => new X509Certificate(readFileSync(path)).fingerprint256;
  const engineIds = agentNodes.map(
    async (node) => [node, ((await node.engine.docker.info()) as { ID: string }).ID] as const,
  );
  return {
    place,
    nonces,
    controlPlane,
    keeperPrints: new Map(
      agentNodes.map((node) => [node, printOf(join(node.engine.socketPath, "../keeper/certificate.pem"))]),
    ),
    managerPrint: printOf(join(manager.engine.socketPath, "../data/swarm/certificates/swarm-node.crt")),
    engineIds: new Map(await Promise.all(engineIds)),
  };
}

/** From A's shell: design D5's list, one by one. */
export function probesOfAgent(far: FarEnds): WallProbe[] {
  const { place, nonces, controlPlane } = far;
  const { attacker, neighbour, remote } = place;
  const { node } = attacker;
  const other = remote.node;
  const { manager } = place.installation.cell;
  return [
    agentd("B's port, by the bridge's gateway", GATEWAY, neighbour.port, neighbour),
    agentd("B's port, by the node's address", node.address, neighbour.port, neighbour),
    agentd("B's port, by Docker's other bridge", DOCKER_BRIDGE, neighbour.port, neighbour),
    agentd("B's own address", neighbour.bridgeAddress, AGENTD_PORT, neighbour),
    tcp("a server that B runs, by its own address", neighbour.bridgeAddress, OWN_SERVER_PORT, nonces.neighbour),
    { ...udp("B, by a broadcast on the bridge", BROADCAST, OWN_SERVER_PORT, nonces.neighbour), isBroadcast: true },
    agentd("its own port, by the node's address", node.address, attacker.port, attacker),
    agentd("C's port on another node", other.address, remote.port, remote),
    scan("B, by a scan of the agents' ports", node.address, [LAB_AGENTS.ports.first, 60], neighbour.slotId),
    tcp("the node, by the bridge's gateway", GATEWAY, 22, nonces.node),
    tcp("the node, by its own address", node.address, 22, nonces.node),
    tcp("the node, by Docker's other bridge", DOCKER_BRIDGE, 22, nonces.node),
    tcp("the node, by its public address", PUBLIC.node, 22, nonces.node),
    tcp("the node, over IPv6", GATEWAY_V6, 22, nonces.node),
    scan("the node, by a scan of its ports", GATEWAY, [1, 120], nonces.node),
    udp("the node over UDP", node.address, 53, nonces.node),
    udp("names from the bridge's gateway", GATEWAY, 53, nonces.node),
    tcp("another node", other.address, 22, nonces.otherNode),
    scan("another node, by a scan of its ports", other.address, [1, 120], nonces.otherNode),
    udp("another node over UDP", other.address, 53, nonces.otherNode),
    engine("Docker, by a port of the node", GATEWAY, node, far),
    engine("Docker, by a port of another node", other.address, other, far),
    tls("the Swarm manager", manager.address, 2_377, far.managerPrint),
    tls("nodekeeper", node.address, KEEPER_PORT, far.keeperPrints.get(node)),
    tls("nodekeeper of another node", other.address, KEEPER_PORT, far.keeperPrints.get(other)),
    tcp("metadata", METADATA, 80, nonces.otherNode),
    tcp("metadata on another port", METADATA, 443, nonces.otherNode),
    udp("metadata over UDP", METADATA, 123, nonces.otherNode),
    tcp("metadata over IPv6", METADATA_V6, 80, nonces.node),
    tcp("another link-local address", LINK_LOCAL, 80, nonces.otherNode),
    ...Object.entries(PRIVATE_RANGES).map(([name, host]) => tcp(name, host, 80, nonces.otherNode)),
    ...MAIL_PORTS.map((port) => tcp(`mail to the world, port ${port}`, INTERNET, port, nonces.otherNode)),
    ...controlPlane.doors.map((door) => ({ ...probeDoor(controlPlane, door), proof: door.answer })),
  ];
}

/** From the public side of A's node. */
export function probesOfStranger({ place, nonces, keeperPrints }: FarEnds): WallProbe[] {
  const { node } = place.attacker;
  return [
    agentd("B's port, from the public side", PUBLIC.node, place.neighbour.port, place.neighbour),
    agentd("A's port, from the public side", PUBLIC.node, place.attacker.port, place.attacker),
    agentd(
      "B's port at the private address, from the public side",
      node.address,
      place.neighbour.port,
      place.neighbour,
    ),
    agentd("B's own address, from the public side", place.neighbour.bridgeAddress, AGENTD_PORT, place.neighbour),
    scan("agents, by a scan from the public side", PUBLIC.node, [LAB_AGENTS.ports.first, 60], place.neighbour.slotId),
    udp("agents' ports over UDP, from the public side", PUBLIC.node, UDP_IN_RANGE, nonces.node),
    tls("nodekeeper, from the public side", node.address, KEEPER_PORT, keeperPrints.get(node)),
  ];
}

/** From root on the node of one customer. */
export function probesOfDedicatedNode({ place, nonces, keeperPrints }: FarEnds): WallProbe[] {
  const { attacker, neighbour, remote } = place;
  return [
    agentd("B's port, from root on a dedicated node", neighbour.node.address, neighbour.port, neighbour),
    agentd("A's port, from root on a dedicated node", attacker.node.address, attacker.port, attacker),
    agentd("C's port, from root on a dedicated node", remote.node.address, remote.port, remote),
    agentd("B's own address, from root on a dedicated node", neighbour.bridgeAddress, AGENTD_PORT, neighbour),
    scan(
      "agents, by a scan from a dedicated node",
      neighbour.node.address,
      [LAB_AGENTS.ports.first, 60],
      neighbour.slotId,
    ),
    udp("agents' ports over UDP, from a dedicated node", attacker.node.address, UDP_IN_RANGE, nonces.node),
    tls(
      "another node's nodekeeper, from a dedicated node",
      attacker.node.address,
      KEEPER_PORT,
      keeperPrints.get(attacker.node),
    ),
    tls(
      "a third node's nodekeeper, from a dedicated node",
      remote.node.address,
      KEEPER_PORT,
      keeperPrints.get(remote.node),
    ),
  ];
}

/** What agents need, and keep. */
export function probesThatPass({ nonces }: FarEnds): WallProbe[] {
  return [
    tcp("the internet", INTERNET, 443, nonces.otherNode),
    tcp("the internet over HTTP", INTERNET, 80, nonces.otherNode),
    udp("the internet over UDP", INTERNET, 53, nonces.otherNode),
  ];
}

function tcp(name: string, host: string, port: number, proof: string): WallProbe {
  return { ...nothing, name, kind: "tcp", host, port, proof };
}

function udp(name: string, host: string, port: number, proof: string): WallProbe {
  return { ...nothing, name, kind: "udp", host, port, proof };
}

/** Nobody but the other end has the key of this certificate. */
function tls(name: string, host: string, port: number, print: string | undefined): WallProbe {
  if (print === undefined) throw new Error(`${name}: its certificate is not known`);
  return { ...nothing, name, kind: "tls", host, port, proof: print };
}

/** The slot's own proof of who it is: nobody without its root key gives it. */
function agentd(name: string, host: string, port: number, slot: Tenant): WallProbe {
  const { slotId, generation, agentId, rootKey } = slot;
  const key = deriveSlotKey(rootKey, "proof", slotId, generation);
  const proof = identityProof(key, QUESTION, slotId, generation, agentId);
  return { name, kind: "tcp", host, port, send: get(`/healthz?nonce=${QUESTION}`), proof };
}

function scan(name: string, host: string, [port, count]: readonly [number, number], proof: string): WallProbe {
  const send = get(`/healthz?nonce=${QUESTION}`);
  return { name, kind: "scan", host, port, lastPort: port + count - 1, send, proof };
}

function engine(name: string, host: string, node: LabNode, { engineIds }: FarEnds): WallProbe {
  return { name, kind: "tcp", host, port: 2_375, send: get("/info"), proof: engineIds.get(node) ?? "no engine" };
}
