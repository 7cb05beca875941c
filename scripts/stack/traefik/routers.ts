import { parseRule, type RoutedRequest, type Rule } from "./parse-rule.ts";

export interface Router {
  name: string;
  priority: number;
  /** Traefik's entry points that it listens on. */
  entryPoints: readonly string[];
  rule: Rule;
  /** Port of the service's containers. */
  port: number;
  /** Path that is asked whether a container may get requests; null = all may. */
  healthPath: string | null;
}

/** Router of a service from its labels; null where the service is not Traefik's business. Throws on labels that it would not obey. */
export function toRouter(labels: Readonly<Record<string, string>>): Router | null {
  if (labels["traefik.enable"] !== "true") return null;
  const names = Object.keys(labels).flatMap(
    (label) => /^traefik\.http\.routers\.([\w-]+)\.rule$/.exec(label)?.[1] ?? [],
  );
  const [name] = names;
  if (name === undefined || names.length > 1) throw new Error("a service has one router, with one rule");
  const router = (option: string) => labels[`traefik.http.routers.${name}.${option}`];
  const service = router("service") ?? name;
  const balancer = (option: string) => labels[`traefik.http.services.${service}.loadbalancer.${option}`];
  const port = Number(balancer("server.port"));
  if (!Number.isInteger(port) || port < 1) throw new Error(`router ${name} has no port: Swarm's labels must say it`);
  const priority = Number(router("priority"));
  // Without it Traefik takes the rule's length, which changes with the name of a host.
  if (!Number.isInteger(priority) || priority < 1) throw new Error(`router ${name} has no priority`);
  return {
    name,
    priority,
    entryPoints: (router("entrypoints") ?? "").split(","),
    rule: parseRule(router("rule") ?? ""),
    port,
    healthPath: balancer("healthcheck.path") ?? null,
  };
}

/** The router that gets a request: of those whose rule fits the one of highest priority. Null = Traefik's own 404. */
export function chooseRouter<Of extends Pick<Router, "priority" | "rule">>(
  routers: readonly Of[],
  request: RoutedRequest,
): Of | null {
  return routers.filter(({ rule }) => rule(request)).toSorted((a, b) => b.priority - a.priority)[0] ?? null;
}
