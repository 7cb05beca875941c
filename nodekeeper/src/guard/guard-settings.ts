import { z } from "zod";

// Words that become part of a ruleset: each is of a form that can't be anything else there.
const interfaceName = z.string().regex(/^[a-zA-Z0-9][a-zA-Z0-9_.-]{0,14}$/);
const address = z.union([z.ipv4(), z.ipv6()]);
const port = z.int().min(1).max(65_535);

/** What the guard of a node lets through; the cell's operator writes it (docs/nodekeeper.md). */
export const guardSettingsSchema = z.strictObject({
  /** The bridge that agents sit on, and its network. */
  agentsBridge: interfaceName,
  agentsSubnet: z.cidrv4(),
  /** Where the proxies' requests come in. */
  privateInterface: interfaceName,
  /** Published by slots. */
  agentPorts: z.strictObject({ first: port, last: port }).refine(({ first, last }) => first <= last),
  /** Who may ask agents. */
  proxies: z.array(address).min(1),
  /** Whom agents may ask for names. Agents have no IPv6. */
  resolvers: z.array(z.ipv4()),
  /** Where agents' model calls go, when those addresses are private. */
  egress: z.array(z.strictObject({ address: z.ipv4(), port })),
  /** nodekeeper's own port, and who may open a connection to it. */
  keeper: z.strictObject({ port, callers: z.array(address).min(1) }),
  /** New connections that one agent may open. */
  connectionsPerSecond: z.int().min(1).default(50),
});
export type GuardSettings = z.infer<typeof guardSettingsSchema>;
