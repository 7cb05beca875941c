import { readFileSync } from "node:fs";
import { parseEnv } from "node:util";
import type { ServiceName } from "./service-env.ts";

/** Variables of services, each under the name by which its service reads it, such as `API_STRIPE_KEY`. */
export type Settings = Readonly<Record<string, string>>;

const prefixes: Record<ServiceName, string> = {
  api: "API_",
  ingress: "INGRESS_",
  egress: "EGRESS_",
  provisioner: "PROVISIONER_",
  apps: "APPS_",
  edge: "EDGE_",
};

/** Reads a file of `NAME=value` lines. Throws a sentence for a person when a name is no service's. */
export function readSettings(path: string): Settings {
  const settings = parseEnv(readFileSync(path, "utf8"));
  const known = Object.values(prefixes);
  return Object.fromEntries(
    Object.entries(settings).flatMap(([name, value]) => {
      if (!known.some((prefix) => name.startsWith(prefix)))
        throw new Error(`${name} in ${path} is no service's; names begin with ${known.join(", ")}.`);
      return value === undefined ? [] : [[name, value]];
    }),
  );
}

/** What a service reads of them. */
export function settingsOf(service: ServiceName, settings: Settings): Record<string, string> {
  return Object.fromEntries(Object.entries(settings).filter(([name]) => name.startsWith(prefixes[service])));
}
