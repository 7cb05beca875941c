import { LAB_AGENTS } from "@automna/testkit/docker/lab-nodekeeper";
import { command, commandIfPossible } from "@automna/testkit/docker/command";
import type { ScenarioContext } from "../harness/scenario.ts";
import { listenInAgent, listenOnNode } from "./far-ends.ts";
import { inNode, type Place } from "./place.ts";

// All of these live in the lab's namespaces, which no route leaves: addresses of metadata services and of the internet are
// stand-ins on the second node.
export const METADATA = "169.254.169.254";
export const METADATA_V6 = "fd00:ec2::254";
export const INTERNET = "11.0.0.1";
export const LINK_LOCAL = "169.254.1.1";
export const PRIVATE_RANGES = {
  "a carrier's private range": "100.64.0.1",
  "a home's private range": "192.168.77.1",
  "an office's private range": "172.20.0.1",
  "another private network": "10.77.0.1",
  "a range for benchmarks": "198.18.0.1",
} as const;
/** The bridge's own address, which is the node's. */
export const GATEWAY = "10.201.0.1";
export const DOCKER_BRIDGE = "172.17.0.1";
export const BROADCAST = "10.201.15.255";
export const GATEWAY_V6 = "fd00:201::1";
const AGENT_V6 = "fd00:201::a";
/** The node as the public sees it, and somebody there. */
export const PUBLIC = { node: "11.0.1.1", stranger: "11.0.1.2" } as const;
export const MAIL_PORTS = [25, 465, 587, 2525] as const;
/** What an agent runs for itself beside its gateway. */
export const OWN_SERVER_PORT = 3_000;
export const UDP_IN_RANGE = LAB_AGENTS.ports.last - 5;

/** What only the far ends know. */
export interface Nonces {
  node: string;
  otherNode: string;
  neighbour: string;
}

/** Puts something to find behind every wall. Answers what it says there. */
export async function putStandIns(ctx: ScenarioContext, place: Place): Promise<Nonces> {
  const { node } = place.attacker;
  const { node: other } = place.remote;
  const nonces = { node: ctx.random.hex(32), otherNode: ctx.random.hex(32), neighbour: ctx.random.hex(32) };
  for (const address of [METADATA, LINK_LOCAL, INTERNET, ...Object.values(PRIVATE_RANGES)]) {
    await inNode(other, "ip", "address", "add", `${address}/32`, "dev", "lo");
    await inNode(node, "ip", "route", "add", address, "via", other.address);
  }
  await inNode(node, "ip", "-6", "address", "add", `${METADATA_V6}/128`, "dev", "lo");
  await addPublicSide(ctx, place);
  await listenOnNode(ctx, node, {
    nonce: nonces.node,
    tcp: [22, 80],
    udp: [
      [node.address, 53],
      [GATEWAY, 53],
      [node.address, UDP_IN_RANGE],
      [PUBLIC.node, UDP_IN_RANGE],
    ],
    engine: node.engine.socketPath,
  });
  await listenOnNode(ctx, other, {
    nonce: nonces.otherNode,
    tcp: [22, 80, 443, ...MAIL_PORTS],
    udp: [
      [other.address, 53],
      [METADATA, 123],
      [INTERNET, 53],
    ],
    engine: other.engine.socketPath,
  });
  await listenInAgent(ctx, place.neighbour, {
    nonce: nonces.neighbour,
    tcp: [OWN_SERVER_PORT],
    udp: [["0.0.0.0", OWN_SERVER_PORT]],
  });
  return nonces;
}

/** A second interface of A's node, with a stranger at its other end who believes that everything is behind it. */
async function addPublicSide(ctx: ScenarioContext, { installation, attacker: { node } }: Place): Promise<void> {
  const stranger = strangerNamespace(installation.cell.lab.network.id);
  await command(["ip", "netns", "add", stranger]);
  ctx.onCleanup("remove the stranger", () => commandIfPossible(["ip", "netns", "del", stranger]));
  await inNode(node, "ip", "link", "add", "public0", "type", "veth", "peer", "name", "eth0", "netns", stranger);
  await inNode(node, "ip", "address", "add", `${PUBLIC.node}/24`, "dev", "public0");
  await inNode(node, "ip", "link", "set", "public0", "up");
  for (const argv of [
    ["address", "add", `${PUBLIC.stranger}/24`, "dev", "eth0"],
    ["link", "set", "eth0", "up"],
    ["route", "add", "default", "via", PUBLIC.node],
  ])
    await command(["ip", "-n", stranger, ...argv]);
}

/** Carries the lab's id, so that a sweep after a killed run finds it. */
export function strangerNamespace(labId: string): string {
  return `atm-${labId}-stranger`;
}

/** Agents have no IPv6. Gives A some, so that what stops it is the guard and not the lack of an address. Answers how to take it away. */
export async function giveAddressV6({ attacker: { node, pid } }: Place): Promise<() => Promise<void>> {
  const inAgent = (...argv: string[]) => command(["nsenter", `--net=/proc/${pid}/ns/net`, ...argv]);
  const { bridge } = LAB_AGENTS;
  await inNode(node, "sysctl", "-qw", `net.ipv6.conf.${bridge}.disable_ipv6=0`);
  await inNode(node, "ip", "-6", "address", "add", `${GATEWAY_V6}/64`, "dev", bridge, "nodad");
  await inAgent("sysctl", "-qw", "net.ipv6.conf.eth0.disable_ipv6=0");
  await inAgent("ip", "-6", "address", "add", `${AGENT_V6}/64`, "dev", "eth0", "nodad");
  await inAgent("ip", "-6", "route", "add", "default", "via", GATEWAY_V6);
  return async () => {
    await inAgent("sysctl", "-qw", "net.ipv6.conf.eth0.disable_ipv6=1");
    await inNode(node, "ip", "-6", "address", "del", `${GATEWAY_V6}/64`, "dev", bridge);
  };
}
