import type { EngineClient } from "./engine-client.ts";

/** This node's part of the agents' network (design D5): the Swarm knows only its name. */
export interface AgentsNetworkPart {
  name: string;
  bridge: string;
  subnet: string;
}

/**
 * Returns what makes the part unless it is there. The engine forgets it at each start (infra/forget-networks.sh), and without it no
 * agent starts.
 */
export function makeAgentsNetworkPart(
  engine: Pick<EngineClient, "hasNetwork" | "createNetwork">,
  { name, bridge, subnet }: AgentsNetworkPart,
): (signal: AbortSignal) => Promise<void> {
  return async (signal) => {
    if (await engine.hasNetwork(name, signal)) return;
    const body = {
      Name: name,
      // Engines let two networks have one name otherwise.
      CheckDuplicate: true,
      ConfigOnly: true,
      IPAM: { Config: [{ Subnet: subnet }] },
      Options: {
        "com.docker.network.bridge.name": bridge,
        "com.docker.network.bridge.enable_icc": "false",
      },
    };
    await engine.createNetwork(body, signal);
  };
}
