import type { SlotPolicy } from "./config.ts";
import type { Engine, EngineRequest } from "./engine.ts";
import { isEventForProvisioner } from "./event-lines.ts";
import { ownFilters } from "./list-filters.ts";
import { findNetworkId, findOwned, type Lookup } from "./owned-objects.ts";
import { Refusal } from "./refusal.ts";
import { formatRequestTarget, type RequestTarget, type VersionRange } from "./request-target.ts";
import { parseSecretSpec } from "./secret-spec.ts";
import { parseSlotServiceSpec, type SlotServiceSpec } from "./slot-service-spec.ts";

export interface Asked {
  target: RequestTarget;
  /** Undefined for routes without a body. */
  body: unknown;
  engine: Engine;
  signal: AbortSignal;
}

export interface Route {
  method: EngineRequest["method"];
  /** Parts of the path; `*` stands for any name or id. */
  path: readonly string[];
  /** Parameters that may be there. */
  query?: readonly string[];
  takesBody?: boolean;
  /** What the engine is asked instead; throws what does not pass. */
  toEngine: (asked: Asked) => EngineRequest | Promise<EngineRequest>;
}

export interface Access {
  routes: readonly Route[];
  versions: VersionRange;
}

const unchanged =
  (method: "GET" | "HEAD") =>
  ({ target }: Asked): EngineRequest => ({ method, target: formatRequestTarget(target) });

const common: readonly Route[] = [
  { method: "GET", path: ["_ping"], toEngine: unchanged("GET") },
  { method: "HEAD", path: ["_ping"], toEngine: unchanged("HEAD") },
  { method: "GET", path: ["version"], toEngine: unchanged("GET") },
];

/** What Traefik's Swarm provider asks for, and nothing that changes anything (notes: vendor-apis F). */
export function edgeAccess(): Access {
  const read = (...path: string[]): Route => ({ method: "GET", path, query: ["filters"], toEngine: unchanged("GET") });
  return {
    routes: [...common, read("services"), read("tasks"), read("networks"), read("nodes", "*")],
    // Older releases of Traefik ask in version 1.24; reading is the same in all.
    versions: { oldest: 24, newest: 99 },
  };
}

/** What the provisioner needs for the slots of one installation. */
export function provisionerAccess(policy: SlotPolicy): Access {
  const { installId } = policy;
  const lookup = ({ engine, signal, target }: Asked): Lookup => ({
    engine,
    installId,
    signal,
    version: target.version,
  });
  const list = (kind: string): Route => ({
    method: "GET",
    path: [kind],
    query: ["filters"],
    toEngine: ({ target }) => ({
      method: "GET",
      target: withQuery(target, { filters: ownFilters(target.query.get("filters"), installId) }),
    }),
  });
  const owned = (method: "GET" | "DELETE", kind: "services" | "secrets"): Route => ({
    method,
    path: [kind, "*"],
    async toEngine(asked) {
      const { id } = await findOwned(kind, asked.target.segments[1] ?? "", lookup(asked));
      return { method, target: `${asked.target.version}/${kind}/${id}` };
    },
  });

  const createService: Route = {
    method: "POST",
    path: ["services", "create"],
    takesBody: true,
    async toEngine(asked) {
      const body = parseSlotServiceSpec(asked.body, policy, await findNetworkId(policy.network, lookup(asked)));
      await assertOwnSecrets(body, lookup(asked));
      return { method: "POST", target: `${asked.target.version}/services/create`, body };
    },
  };
  const updateService: Route = {
    method: "POST",
    path: ["services", "*", "update"],
    query: ["version"],
    takesBody: true,
    async toEngine(asked) {
      const body = parseSlotServiceSpec(asked.body, policy, await findNetworkId(policy.network, lookup(asked)));
      const { id, name } = await findOwned("services", asked.target.segments[1] ?? "", lookup(asked));
      if (name !== body.Name) throw new Refusal("an update for another service");
      await assertOwnSecrets(body, lookup(asked));
      const version = asked.target.query.get("version") ?? "";
      if (!/^\d{1,15}$/.test(version)) throw new Refusal("an update without the version that it changes");
      return { method: "POST", target: `${asked.target.version}/services/${id}/update?version=${version}`, body };
    },
  };
  const createSecret: Route = {
    method: "POST",
    path: ["secrets", "create"],
    takesBody: true,
    toEngine: ({ target, body }) => ({
      method: "POST",
      target: `${target.version}/secrets/create`,
      body: parseSecretSpec(body, policy),
    }),
  };
  const events: Route = {
    method: "GET",
    path: ["events"],
    query: ["since", "until", "filters"],
    // The asked filters can only take away; what the caller may hear is decided line by line.
    toEngine: ({ target }) => ({
      method: "GET",
      target: formatRequestTarget(target),
      keepsLine: isEventForProvisioner,
    }),
  };
  return {
    routes: [
      ...common,
      list("services"),
      list("tasks"),
      list("secrets"),
      owned("GET", "services"),
      owned("GET", "secrets"),
      owned("DELETE", "services"),
      owned("DELETE", "secrets"),
      createService,
      updateService,
      createSecret,
      events,
      { method: "GET", path: ["nodes"], query: ["filters"], toEngine: unchanged("GET") },
      { method: "GET", path: ["nodes", "*"], toEngine: unchanged("GET") },
      { method: "GET", path: ["networks", policy.network], toEngine: unchanged("GET") },
    ],
    // Those whose descriptions the rules were written from: of others we don't know what a field means.
    versions: { oldest: 41, newest: 56 },
  };
}

/** The route of a request, or null. Methods and parts are compared as they are: the engine's own router is exact too. */
export function findRoute(routes: readonly Route[], method: string, { segments, query }: RequestTarget): Route | null {
  const route = routes.find(
    (each) =>
      each.method === method &&
      each.path.length === segments.length &&
      each.path.every((part, index) => part === "*" || part === segments[index]),
  );
  if (route === undefined) return null;
  for (const name of query.keys()) if (!(route.query ?? []).includes(name)) throw new Refusal("an unknown parameter");
  return route;
}

function withQuery(target: RequestTarget, query: Record<string, string>): string {
  return formatRequestTarget({ ...target, query: new Map(Object.entries(query)) });
}

/** The engine takes a secret by its id and believes the name beside it, so the id is looked up. */
async function assertOwnSecrets(spec: SlotServiceSpec, lookup: Lookup): Promise<void> {
  for (const { SecretID: id, SecretName: wanted } of spec.TaskTemplate.ContainerSpec.Secrets ?? []) {
    const { id: foundId, name } = await findOwned("secrets", id, lookup);
    if (foundId !== id || name !== wanted) throw new Refusal("a secret under another name");
  }
}
