import { readFileSync } from "node:fs";
import { inCheckout } from "../bootstrap/paths.mjs";

const ROUTE = /const (\w+) = createRoute\(\{\s*getParentRoute: \(\) => (\w+),\s*(path|id): "([^"]*)"/g;

/** The address of every page of the dashboard, read from its router: parameters stay as `$name`. */
export function listDashboardPages(): string[] {
  const source = readFileSync(inCheckout("dashboard/src/router.tsx"), "utf8");
  const routes = new Map(
    [...source.matchAll(ROUTE)].map(([, name = "", parent = "", kind, text = ""]) => [
      name,
      { parent, path: kind === "path" && text !== "/" ? text : "" },
    ]),
  );
  const made = source.match(/createRoute\(\{/g)?.length ?? 0;
  if (routes.size !== made) throw new Error(`${made} routes are made in the router, ${routes.size} were understood`);
  const addressOf = (name: string): string => {
    const route = routes.get(name);
    return route === undefined ? "" : addressOf(route.parent) + route.path;
  };
  return [...new Set([...routes.keys()].map((name) => addressOf(name) || "/"))].toSorted((one, other) =>
    one.localeCompare(other),
  );
}
