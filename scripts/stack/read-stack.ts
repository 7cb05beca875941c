import { readFileSync } from "node:fs";
import { parse } from "yaml";
import { z } from "zod";
import { inCheckout } from "../bootstrap/paths.mjs";

/** The parts of a stack file that we look at; Docker's own client reads the rest (`docker stack config`). */
const serviceSchema = z.looseObject({
  image: z.string(),
  command: z.array(z.union([z.string(), z.number()])).default([]),
  environment: z.record(z.string(), z.string()).default({}),
  secrets: z.array(z.union([z.string(), z.looseObject({ source: z.string(), target: z.string() })])).default([]),
  ports: z.array(z.looseObject({ target: z.number(), published: z.number(), mode: z.string() })).default([]),
  networks: z.array(z.string()).default([]),
  volumes: z.array(z.union([z.string(), z.looseObject({ type: z.string(), target: z.string() })])).default([]),
  stop_grace_period: z.string(),
  deploy: z.looseObject({
    endpoint_mode: z.string(),
    labels: z.record(z.string(), z.string()).default({}),
    resources: z.looseObject({ limits: z.looseObject({ memory: z.string(), cpus: z.string(), pids: z.number() }) }),
    restart_policy: z.looseObject({ condition: z.string() }),
    update_config: z.looseObject({ order: z.string(), failure_action: z.string() }),
    rollback_config: z.looseObject({ order: z.string() }),
    placement: z.looseObject({ constraints: z.array(z.string()).min(1) }),
  }),
  logging: z.looseObject({ driver: z.string(), options: z.looseObject({ "max-size": z.string() }) }),
  read_only: z.boolean().default(false),
  cap_drop: z.array(z.string()).default([]),
  init: z.boolean().default(false),
});
const stackSchema = z.looseObject({
  services: z.record(z.string(), serviceSchema),
  networks: z
    .record(z.string(), z.looseObject({ name: z.string().optional(), external: z.boolean().optional() }))
    .default({}),
  secrets: z.record(z.string(), z.looseObject({ external: z.literal(true), name: z.string() })).default({}),
});
export type Stack = z.infer<typeof stackSchema>;

export const STACK_FILES = ["data", "stack", "cell"] as const;
export type StackName = (typeof STACK_FILES)[number];

/** A stack as Docker reads it with these variables. Throws where one is missing that the file asks for. */
export function readStack(name: StackName, env: Readonly<Record<string, string>>): Stack {
  const document: unknown = parse(stackText(name), { merge: true });
  return stackSchema.parse(interpolate(document, env));
}

/** Every variable that a stack file reads, and whether it does without. */
export function listVariables(name: StackName): Map<string, { isRequired: boolean }> {
  const found = new Map<string, { isRequired: boolean }>();
  for (const [, variable = "", operator] of stackText(name).matchAll(VARIABLE)) {
    if (variable === "") continue;
    const isRequired = operator === ":?" || (found.get(variable)?.isRequired ?? false);
    found.set(variable, { isRequired });
  }
  return found;
}

function stackText(name: StackName): string {
  return readFileSync(inCheckout(`compose/${name}.yml`), "utf8");
}

/** `$$`, `${NAME}`, `${NAME:-default}` and `${NAME:?hint}`, as Compose has them. */
const VARIABLE = /\$(?:\$|\{([A-Z_0-9]+)(?:(:-|:\?)([^}]*))?\})/g;

function interpolate(value: unknown, env: Readonly<Record<string, string>>): unknown {
  if (typeof value === "string") return value.replace(VARIABLE, (...match) => resolve(match, env));
  if (Array.isArray(value)) return value.map((each) => interpolate(each, env));
  if (typeof value === "object" && value !== null)
    return Object.fromEntries(Object.entries(value).map(([key, each]) => [key, interpolate(each, env)]));
  return value;
}

function resolve([, name, operator, rest]: (string | undefined)[], env: Readonly<Record<string, string>>): string {
  if (name === undefined) return "$";
  const value = env[name] ?? "";
  if (value !== "") return value;
  if (operator === ":?") throw new Error(`${name} is not set: ${rest}`);
  return operator === ":-" ? (rest ?? "") : "";
}
