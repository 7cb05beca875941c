import type { Product } from "@automna/testkit/product";
import { isRunning, listProcesses } from "@automna/testkit/processes";

/** Everything of an installation that can be killed, and how its process is found now; null = it does not run. */
export const victims = {
  provisioner: (product) => servicePid(product, "provisioner"),
  ingress: (product) => servicePid(product, "ingress"),
  egress: (product) => servicePid(product, "egress"),
  api: (product) => servicePid(product, "api"),
  postgres: (product) => alive(product.instance().postgres.pid),
  agentd: agentdPid,
  openclaw: gatewayPid,
} satisfies Record<string, (product: Product) => number | null>;
export type VictimName = keyof typeof victims;

export const services = [
  "provisioner",
  "ingress",
  "egress",
  "api",
  "postgres",
] as const satisfies readonly VictimName[];
/** Their end costs the agent a boot. */
export const agentParts = ["agentd", "openclaw"] as const satisfies readonly VictimName[];

export function findVictim(name: VictimName, product: Product): number | null {
  return victims[name](product);
}

function servicePid(product: Product, name: string): number | null {
  return alive(product.instance().services[name]?.pid ?? 0);
}

function agentdPid(product: Product): number | null {
  return (
    product
      .slotProcesses()
      .map(({ pid }) => alive(pid))
      .find((pid) => pid !== null) ?? null
  );
}

function gatewayPid(product: Product): number | null {
  const parent = agentdPid(product);
  if (parent === null) return null;
  return (
    listProcesses().find(
      ({ parentPid, environment }) => parentPid === parent && environment.includes("OPENCLAW_STATE_DIR="),
    )?.pid ?? null
  );
}

function alive(pid: number): number | null {
  return pid > 0 && isRunning(pid) ? pid : null;
}
