import { AGENTD_CONTROL_PREFIX, agentPath, agentPrewarmPath, agentSocketPath } from "@automna/contract/paths";
import { AGENTD_APPS_PREFIX, agentdPaths } from "@automna/contract/agentd";
import { forwardedMethods, type ForwardedMethod } from "./request-framing.ts";

/** One kind of request that ingress tells from others; whoever tries all of them has tried every route. */
export interface IngressRouteClass {
  kind: "forward" | "chat" | "ws" | "control" | "health" | "prewarm";
  method: ForwardedMethod;
  /** Headers that make a request one of this kind. */
  headers: Readonly<Record<string, string>>;
  path: (userId: string) => string;
}

/** Every kind of request, made from what the server itself decides by. */
export const ingressRouteClasses: readonly IngressRouteClass[] = [
  ...forwardedMethods.map((method): IngressRouteClass => ({
    kind: "forward",
    method,
    headers: {},
    path: (userId) => `${agentPath(userId)}/files/notes.txt?x=1`,
  })),
  { kind: "chat", method: "GET", headers: {}, path: (userId) => `${agentPath(userId)}/chat` },
  {
    kind: "ws",
    method: "GET",
    headers: {
      connection: "Upgrade",
      upgrade: "websocket",
      "sec-websocket-version": "13",
      "sec-websocket-key": "AAAAAAAAAAAAAAAAAAAAAA==",
    },
    path: agentSocketPath,
  },
  { kind: "health", method: "GET", headers: {}, path: (userId) => `${agentPath(userId)}${agentdPaths.health}` },
  { kind: "prewarm", method: "GET", headers: {}, path: agentPrewarmPath },
  ...forwardedMethods.map((method): IngressRouteClass => ({
    kind: "control",
    method,
    headers: {},
    path: (userId) => `${agentPath(userId)}${AGENTD_CONTROL_PREFIX}status`,
  })),
  // Files of apps are the apps listener's: on the dashboard's origin no agent's page is served.
  { kind: "control", method: "GET", headers: {}, path: (userId) => `${agentPath(userId)}${AGENTD_APPS_PREFIX}shop/` },
];
