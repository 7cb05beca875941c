import { readFileSync } from "node:fs";
import { migrateVariables } from "../../api/src/migrate/config.ts";
import { apiVariables } from "../../api/src/config.ts";
import { dashboardVariables } from "@automna/dashboard-server/config";
import { commonVariables, swarmVariables } from "../../provisioner/src/config.ts";
import { appsVariables, egressVariables, ingressVariables } from "../../proxy/src/config.ts";
import { socketProxyVariables } from "../../socket-proxy/src/config.ts";
import { describe, expect, test } from "vitest";
import { parse } from "yaml";
import { z } from "zod";
import { inCheckout } from "../bootstrap/paths.mjs";
import { exampleEnv } from "./example-env.ts";
import { listVariables, readStack, STACK_FILES } from "./read-stack.ts";
import { stackSecretNames } from "./stack-secrets.ts";

const files = STACK_FILES.map((name) => ({ name, ...readStack(name, exampleEnv) }));
const services = files.flatMap((file) =>
  Object.entries(file.services).map(([name, service]) => ({ file, name, service })),
);
const find = (wanted: string) => {
  const found = services.find(({ name }) => name === wanted);
  if (found === undefined) throw new Error(`no service ${wanted}`);
  return found.service;
};
const seconds = (text: string) => Number.parseInt(text, 10) * (text.endsWith("m") ? 60 : 1);

/** What each of our services reads. */
const configs: readonly [service: string, shape: Readonly<Record<string, z.ZodType>>, fromImage: readonly string[]][] =
  [
    ["api", apiVariables.shape, ["API_HOST", "API_PORT"]],
    ["ingress", ingressVariables.shape, ["INGRESS_HOST", "INGRESS_PORT"]],
    ["egress", egressVariables.shape, ["EGRESS_HOST", "EGRESS_PORT"]],
    ["apps", appsVariables.shape, ["APPS_HOST", "APPS_PORT"]],
    ["provisioner", { ...commonVariables.shape, ...swarmVariables.shape }, ["PROVISIONER_HEALTH_HOST"]],
    ["dashboard", dashboardVariables.shape, ["DASHBOARD_HOST", "DASHBOARD_PORT", "DASHBOARD_DIR"]],
    ["socket-proxy", socketProxyVariables.shape, ["SOCKET_PROXY_PORT"]],
    ["socket-proxy-edge", socketProxyVariables.shape, ["SOCKET_PROXY_PORT"]],
    ["migrate", migrateVariables.shape, []],
  ];
/** Secrets that production has no use for. */
const NOT_IN_PRODUCTION = ["API_IDENTITY_PRIVATE_KEY", "API_IDENTITY_START_KEY"];
const isSecret = (field: z.ZodType) => field.meta()?.["isSecret"] === true;

describe.each(configs)("%s", (name, shape, fromImage) => {
  const { environment, secrets } = find(name);
  const fields = Object.entries(shape);

  test("gets every secret that its configuration knows as a file, and none in its environment", () => {
    const mounted = secrets.flatMap((secret) => (typeof secret === "string" ? [secret] : [secret.target]));
    for (const [variable, field] of fields) {
      if (!isSecret(field) || NOT_IN_PRODUCTION.includes(variable)) continue;
      expect(environment, variable).not.toHaveProperty(variable);
      expect(environment[`${variable}_FILE`], variable).toMatch(/^\/run\/secrets\//);
      expect(mounted, variable).toContain(environment[`${variable}_FILE`]?.replace("/run/secrets/", ""));
    }
  });

  test("what sounds like a secret is marked as one", () => {
    for (const [variable, field] of fields) {
      const sounds = /(_KEY|_KEY_RING|SECRET|PASSWORD|TOKEN|DATABASE_URL|REDIS_URL|SMTP_URL)$/.test(variable);
      const isPublic = /PUBLISHABLE|JWT_KEY|HAS_PLATFORM_KEY|^MIGRATE_DATABASE_URL/.test(variable);
      expect(`${variable}: ${isSecret(field)}`).toBe(`${variable}: ${sounds && !isPublic}`);
    }
  });

  test("gets everything that it can't do without, and nothing that it does not know", () => {
    for (const [variable, field] of fields) {
      const isGiven = variable in environment || `${variable}_FILE` in environment || fromImage.includes(variable);
      if (!field.safeParse(undefined).success) expect(isGiven, variable).toBe(true);
    }
    for (const variable of Object.keys(environment))
      expect(Object.keys(shape)).toContain(variable.replace(/_FILE$/, ""));
  });
});

describe.each(services.map(({ name, service }) => [name, service] as const))("%s", (_name, service) => {
  test("is held to what every service is held to", () => {
    expect(service.deploy.endpoint_mode).toBe("dnsrr");
    for (const { mode } of service.ports) expect(mode).toBe("host");
    expect(service.read_only && service.init).toBe(true);
    expect(service.cap_drop).toEqual(["ALL"]);
    // Docker's stacks leave `tmpfs:` out without a word.
    expect(service.volumes).toContainEqual({ type: "tmpfs", target: "/tmp" });
    expect(service).not.toHaveProperty("tmpfs");
    expect(service.logging).toMatchObject({ driver: "local", options: { "max-size": "10m" } });
    expect(service.image).toMatch(/:[\w.-]+$/);
    expect(service.image).not.toMatch(/:latest$/);
  });

  test("has time to stop", () => {
    const drainMs = Object.entries(service.environment).find(([name]) => name.endsWith("_DRAIN_TIMEOUT_MS"))?.[1];
    if (drainMs !== undefined) expect(seconds(service.stop_grace_period)).toBeGreaterThan(Number(drainMs) / 1000 + 5);
    expect(seconds(service.stop_grace_period)).toBeGreaterThanOrEqual(10);
  });

  test("has Docker's socket only where it is looked at before it is obeyed", () => {
    const hasSocket = service.volumes.some((volume) => JSON.stringify(volume).includes("docker.sock"));
    expect(hasSocket).toBe(/\/(socket-proxy|nodekeeper):/.test(service.image));
  });
});

test("the stacks and the list of secrets name the same", () => {
  const named = files.flatMap((file) => Object.keys(file.secrets));
  expect([...new Set(named)].toSorted()).toEqual([...stackSecretNames].toSorted());
  for (const { secrets } of files)
    for (const [name, secret] of Object.entries(secrets)) expect(secret.name).toBe(`automna-${name}`);
  for (const { service, file } of services)
    for (const secret of service.secrets)
      expect(Object.keys(file.secrets)).toContain(typeof secret === "string" ? secret : secret.source);
});

test("no hint has a hyphen: Docker's client would take what is behind it for the value", () => {
  for (const name of STACK_FILES) {
    const hints = [...readFileSync(inCheckout(`compose/${name}.yml`), "utf8").matchAll(/:\?([^}]*)\}/g)];
    for (const [, hint = ""] of hints) expect(hint, name).not.toContain("-");
  }
});

test("what the edge sends requests to says that it is leaving for longer than the edge's look takes", () => {
  const routed = services.filter(({ service }) => "traefik.enable" in service.deploy.labels);
  expect(routed).toHaveLength(4);
  for (const { name, service } of routed) {
    const label = (option: string) =>
      service.deploy.labels[`traefik.http.services.${name}.loadbalancer.${option}`] ?? "";
    const noticeMs = Number(service.environment[`${name.toUpperCase()}_DRAIN_NOTICE_MS`]);
    expect(label("healthcheck.path"), name).toBe("/readyz");
    expect(noticeMs, name).toBeGreaterThanOrEqual(2 * 1_000 * seconds(label("healthcheck.interval")));
    expect(seconds(service.stop_grace_period) * 1_000, name).toBeGreaterThan(noticeMs + 5_000);
  }
});

test("only agents' model calls come in at a node's own port", () => {
  const published = services.flatMap(({ name, service }) => service.ports.map(({ published: port }) => [name, port]));
  expect(published).toEqual([["egress", 4080]]);
});

test("Traefik believes nobody but the tunnel's own network", () => {
  const traefik = z
    .looseObject({
      entryPoints: z.looseObject({
        web: z.looseObject({ forwardedHeaders: z.strictObject({ trustedIPs: z.array(z.string()) }) }),
      }),
    })
    .parse(parse(readFileSync(inCheckout("compose/traefik/traefik.yml"), "utf8")));
  const stack = files.find(({ name }) => name === "stack");
  const tunnel = z
    .looseObject({ ipam: z.looseObject({ config: z.array(z.looseObject({ subnet: z.string() })) }) })
    .parse(stack?.networks["tunnel"]);
  expect(traefik.entryPoints.web.forwardedHeaders.trustedIPs).toEqual(tunnel.ipam.config.map(({ subnet }) => subnet));
  const onTunnel = services.filter(({ service }) => service.networks.includes("tunnel")).map(({ name }) => name);
  expect(onTunnel.toSorted()).toEqual(["cloudflared", "traefik"]);
});

test("only the provisioner reaches the socket proxy that may change something", () => {
  const on = (network: string) =>
    services.filter(({ service }) => service.networks.includes(network)).map(({ name }) => name);
  expect(on("socket").toSorted()).toEqual(["provisioner", "socket-proxy"]);
  expect(on("socket-edge").toSorted()).toEqual(["socket-proxy-edge", "traefik"]);
});

test("the example of an environment says every variable of the stacks", () => {
  const example = readFileSync(inCheckout("compose/stack.env.example"), "utf8");
  for (const name of STACK_FILES)
    for (const [variable] of listVariables(name))
      if (!variable.startsWith("SECRET_"))
        expect(example, `${name}.yml: ${variable}`).toMatch(new RegExp(`^#?${variable}=`, "m"));
});
