import { networkInterfaces } from "node:os";
import { command, commandIfPossible } from "./command.ts";

/**
 * A wire of our own: a bridge in a network namespace with one namespace per node on it. This machine is on it under
 * `hostAddress`; nothing leads from it to any other network, and no setting of this machine changes.
 */
export interface LabNetwork {
  id: string;
  /** First three bytes of its addresses, as `10.98.7`. */
  prefix: string;
  hostAddress: string;
  /** Adds a namespace to the wire. Answers its name. */
  addNode: (node: { name: string; address: string }) => Promise<string>;
  /** Pulls the node's plug, and puts it in again. */
  setLink: (name: string, state: "up" | "down") => Promise<void>;
  remove: () => Promise<void>;
}

/** Of the range that RFC 1918 leaves to anyone; the second byte is ours by custom only, so it is looked whether it's free. */
const SECOND_BYTE = 98;

/** Names of namespaces and interfaces carry the lab's id, so that a sweep finds what a killed run left. */
export const labNamePrefix = "atm";

export async function makeLabNetwork(id: string): Promise<LabNetwork> {
  const prefix = freePrefix();
  const hub = `${labNamePrefix}-${id}-hub`;
  const hostLink = `${labNamePrefix}${id}`;
  const hostAddress = `${prefix}.1`;
  const nodes = new Map<string, string>();
  const inHub = (...args: string[]) => command(["ip", "-n", hub, ...args]);

  const remove = async () => {
    await commandIfPossible(["ip", "link", "del", hostLink]);
    for (const namespace of nodes.values()) await commandIfPossible(["ip", "netns", "del", namespace]);
    await commandIfPossible(["ip", "netns", "del", hub]);
  };

  try {
    await command(["ip", "netns", "add", hub]);
    await inHub("link", "add", "br0", "type", "bridge");
    await inHub("link", "set", "br0", "up");
    await command(["ip", "link", "add", hostLink, "type", "veth", "peer", "name", "host", "netns", hub]);
    await inHub("link", "set", "host", "master", "br0", "up");
    await command(["ip", "address", "add", `${hostAddress}/24`, "dev", hostLink]);
    await command(["ip", "link", "set", hostLink, "up"]);
  } catch (error) {
    await remove();
    throw error;
  }

  return {
    id,
    prefix,
    hostAddress,
    async addNode({ name, address }) {
      const namespace = `${labNamePrefix}-${id}-${name}`;
      await command(["ip", "netns", "add", namespace]);
      nodes.set(name, namespace);
      await inHub("link", "add", name, "type", "veth", "peer", "name", "eth0", "netns", namespace);
      await inHub("link", "set", name, "master", "br0", "up");
      await command(["ip", "-n", namespace, "address", "add", `${address}/24`, "dev", "eth0"]);
      await command(["ip", "-n", namespace, "link", "set", "eth0", "up"]);
      await command(["ip", "-n", namespace, "link", "set", "lo", "up"]);
      return namespace;
    },
    setLink: async (name, state) => void (await inHub("link", "set", name, state)),
    remove,
  };
}

function freePrefix(): string {
  const taken = Object.values(networkInterfaces()).flatMap((addresses) => addresses ?? []);
  // Random, so that labs that start at the same moment rarely meet.
  for (let tries = 0; tries < 250; tries += 1) {
    const prefix = `10.${SECOND_BYTE}.${1 + Math.floor(Math.random() * 254)}`;
    if (!taken.some(({ address }) => address.startsWith(`${prefix}.`))) return prefix;
  }
  throw new Error(`every network of 10.${SECOND_BYTE}.0.0/16 is taken`);
}
