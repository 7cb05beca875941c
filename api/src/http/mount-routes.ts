import { apiRoutes, type ApiRoute, type ApiRouteName } from "@automna/contract/api-routes";
import { SECOND_MS } from "@automna/core/shared/clock";
import type { Express, Request, Response } from "express";
import { identifyCaller } from "../identity/caller.ts";
import type { Guards } from "../identity/guards.ts";
import { withDeadline } from "./deadline.ts";
import { parsePart } from "./parse-part.ts";
import { readJsonBody } from "./read-json-body.ts";
import { requestLog } from "./request-context.ts";
import type { Call, Handlers } from "./routes.ts";

/** The longest that a caller waits for an answer; the key check, the slowest of all, takes 10 s at most. */
const ANSWER_DEADLINE_MS = 20 * SECOND_MS;

// A handler and its call belong to the same route; over all routes at once the type system can't follow that.
type AnyHandler = (
  call: Omit<Call<ApiRouteName>, "params" | "query" | "body" | "caller"> &
    Record<"params" | "query" | "body" | "caller", unknown>,
) => Promise<unknown>;

/** Mounts every route of the contract, in this order for each: where from, who, what, then its handler. */
export function mountRoutes(app: Express, handlers: Handlers, guards: Guards): void {
  for (const name of Object.keys(apiRoutes) as ApiRouteName[]) {
    const route: ApiRoute = apiRoutes[name];
    const handle = handlers[name] as unknown as AnyHandler;
    app[route.method](route.path, async (request: Request, response: Response) => {
      const signal = goneSignal(response);
      const answering = (async () => {
        // Health is asked by supervisors at the service's own address.
        if (name !== "health") guards.checkAddress(request);
        guards.checkOrigin(request, route.access);
        const caller = needsSession(route) ? await identifyCaller(guards, request, route.keyScope) : null;
        if (route.access === "operator") guards.checkOperator(caller?.role ?? null);
        const params = route.params && parsePart("params", route.params, request.params);
        const query = route.query && parsePart("query", route.query, request.query);
        const body = route.body && parsePart("body", route.body, await readJsonBody(request, response));
        return handle({ params, query, body, caller, request, response, log: requestLog(response), signal });
      })();
      sendAnswer(route, response, await withDeadline(answering, ANSWER_DEADLINE_MS));
    });
  }
}

/** Routes that only somebody who is signed in may call. */
export function needsSession({ access }: Pick<ApiRoute, "access">): boolean {
  return access === "session" || access === "operator";
}

/** Nothing leaves that the contract does not list: the answer goes through the route's schema. */
function sendAnswer({ success }: ApiRoute, response: Response, answer: unknown): void {
  if (response.headersSent) return; // a stream, which its handler owns
  if (success.body === null) response.status(success.status).end();
  else response.status(success.status).json(success.body.parse(answer));
}

function goneSignal(response: Response): AbortSignal {
  const gone = new AbortController();
  response.once("close", () => gone.abort());
  return gone.signal;
}

export interface MountedRoute {
  method: string;
  path: string;
}

/** Method and path of everything that is mounted, read from the router itself. */
export function listRoutes(app: Express): MountedRoute[] {
  return app.router.stack.flatMap(({ route }) => {
    if (route === undefined) return [];
    const methods = new Set(route.stack.map(({ method }) => method));
    return [...methods].map((method) => ({ method, path: route.path }));
  });
}
