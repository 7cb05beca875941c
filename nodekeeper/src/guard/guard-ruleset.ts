import type { GuardSettings } from "./guard-settings.ts";

/** Our own table: Docker's and the operator's rules stay what they are. */
export const GUARD_TABLE = "automna_guard";

/** Everything that is not the internet (IANA's special-purpose registry); metadata services lie in the link-local range. */
const NOT_THE_INTERNET = [
  "0.0.0.0/8",
  "10.0.0.0/8",
  "100.64.0.0/10",
  "127.0.0.0/8",
  "169.254.0.0/16",
  "172.16.0.0/12",
  "192.0.0.0/24",
  "192.0.2.0/24",
  "192.168.0.0/16",
  "198.18.0.0/15",
  "198.51.100.0/24",
  "203.0.113.0/24",
  "224.0.0.0/3",
] as const;
const MAIL_PORTS = [25, 465, 587, 2525] as const;
/** A burst that an agent may open at once, in seconds of its rate. */
const BURST_SECONDS = 4;

/**
 * The node's guard as nft reads it, replacing the table in one step. It looks before Docker rewrites destinations (priority
 * -150), so a rule sees where a packet was sent to, and it judges every packet, so a connection that was opened
 * while the guard was off does not go on.
 */
export function guardRuleset(settings: GuardSettings): string {
  const { agentsBridge: bridge, agentPorts, keeper, proxies, resolvers, egress } = settings;
  const ports = agentPorts.first === agentPorts.last ? `${agentPorts.first}` : `${agentPorts.first}-${agentPorts.last}`;
  return ruleset([
    `set agent_rates { type ipv4_addr; flags dynamic,timeout; size 65535; timeout 1m; }`,
    chain("prerouting { type filter hook prerouting priority -150; policy accept;", [
      `iifname "${bridge}" jump from_agents`,
      // Past Docker's port and straight to a container's own address.
      `ip daddr ${settings.agentsSubnet} drop`,
      `tcp dport ${ports} jump to_agents`,
      `udp dport ${ports} ct direction original drop`,
      `tcp dport ${keeper.port} jump to_keeper`,
    ]),
    chain("to_agents {", [
      // Ports of our own outgoing connections may lie in the range.
      "ct direction reply accept",
      ...sources(proxies).map((from) => `iifname "${settings.privateInterface}" ${from} accept`),
      "drop",
    ]),
    chain("to_keeper {", [
      "ct direction reply accept",
      ...sources(keeper.callers).map((from) => `${from} accept`),
      'iifname "lo" accept',
      "drop",
    ]),
    chain("from_agents {", [
      "meta nfproto ipv6 drop",
      `ip saddr != ${settings.agentsSubnet} drop`,
      // Answers to whom the chains above let in; never what an agent began.
      "ct direction reply ct state established,related accept",
      ...(resolvers.length === 0
        ? []
        : [`ip daddr { ${resolvers.join(", ")} } meta l4proto { tcp, udp } th dport 53 accept`]),
      ...egress.map(({ address, port }) => `ip daddr ${address} tcp dport ${port} accept`),
      `ip daddr { ${NOT_THE_INTERNET.join(", ")} } drop`,
      "fib daddr type != unicast drop",
      `tcp dport { ${MAIL_PORTS.join(", ")} } drop`,
      `ct state new add @agent_rates { ip saddr limit rate over ${settings.connectionsPerSecond}/second ` +
        `burst ${settings.connectionsPerSecond * BURST_SECONDS} packets } drop`,
      "accept",
    ]),
  ]);
}

/** Nothing passes to or from agents: for a node whose guard can't be what it should be. */
export function closedRuleset({
  agentsBridge: bridge,
  agentsSubnet,
  agentPorts: { first, last },
}: GuardSettings): string {
  return ruleset([
    chain("prerouting { type filter hook prerouting priority -150; policy accept;", [
      `iifname "${bridge}" drop`,
      `ip daddr ${agentsSubnet} drop`,
      `tcp dport ${first}-${last} ct direction original drop`,
    ]),
  ]);
}

/** One match for each family that has an address. */
function sources(addresses: readonly string[]): string[] {
  const isV6 = (address: string) => address.includes(":");
  const match = (family: "ip" | "ip6", found: readonly string[]) =>
    found.length === 0 ? [] : [`${family} saddr { ${[...new Set(found)].join(", ")} }`];
  return [
    ...match(
      "ip",
      addresses.filter((each) => !isV6(each)),
    ),
    ...match("ip6", addresses.filter(isV6)),
  ];
}

function chain(head: string, rules: readonly string[]): string {
  return `chain ${head}\n${rules.map((rule) => `    ${rule}`).join("\n")}\n  }`;
}

/** Declared first, so that the delete finds it; all of it is one transaction. */
function ruleset(parts: readonly string[]): string {
  const table = `table inet ${GUARD_TABLE}`;
  return `${table}\ndelete ${table}\n${table} {\n${parts.map((part) => `  ${part}`).join("\n")}\n}\n`;
}
