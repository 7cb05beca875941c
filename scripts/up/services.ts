import { inCheckout } from "../bootstrap/paths.mjs";
import { baseEnv, serviceEnv, type Installation, type ServiceName } from "./service-env.ts";
import { settingsOf } from "./settings.ts";
import type { ServiceSpec } from "./supervise-service.ts";

const PROGRAMS: Record<ServiceName, { main: string; stopTimeoutMs: number }> = {
  api: { main: "api/src/main.ts", stopTimeoutMs: 15_000 },
  ingress: { main: "proxy/src/main-ingress.ts", stopTimeoutMs: 15_000 },
  egress: { main: "proxy/src/main-egress.ts", stopTimeoutMs: 15_000 },
  apps: { main: "proxy/src/main-apps.ts", stopTimeoutMs: 15_000 },
  // It stops every agent first: 30 s for a gateway, and then some.
  provisioner: { main: "provisioner/src/main.ts", stopTimeoutMs: 45_000 },
  edge: { main: "scripts/edge/main.ts", stopTimeoutMs: 5_000 },
};

/** Everything that runs beside Postgres, as the supervisor starts it. */
export function servicesOf(installation: Installation, env: NodeJS.ProcessEnv): ServiceSpec[] {
  return (Object.keys(PROGRAMS) as ServiceName[]).map((name) => ({
    name,
    command: [process.execPath, inCheckout(PROGRAMS[name].main)],
    env: { ...baseEnv(env), ...serviceEnv[name](installation), ...settingsOf(name, installation.settings) },
    stopTimeoutMs: PROGRAMS[name].stopTimeoutMs,
  }));
}

/** No new requests, then no agents, then nobody in between, and the database last. */
export const STOP_ORDER = ["edge", "apps", "provisioner", "ingress", "egress", "api", "postgres"] as const;
