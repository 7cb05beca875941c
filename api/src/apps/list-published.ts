import { agentdPaths } from "@automna/contract/agentd";
import { foundAppsSchema, type FoundApp } from "@automna/contract/apps";
import { SESSION_COOKIE } from "@automna/contract/identity";
import { agentPath } from "@automna/contract/paths";
import type { Logger } from "@automna/service-kit/log";
import type { Dispatcher } from "undici";

/** What an agent says that it has published, asked with its owner's own session; null = it does not answer now. */
export type ListPublished = (
  owner: { userId: string; token: string },
  signal: AbortSignal,
) => Promise<FoundApp[] | null>;

const TIMEOUT_MS = 8_000;

/**
 * Asks through the proxy's ingress, as the owner's browser would: the api has no key to any agent, and who may ask is
 * decided where it always is.
 */
export function makeListPublished(deps: { ingressUrl: string; dispatcher: Dispatcher; log: Logger }): ListPublished {
  return async ({ userId, token }, signal) => {
    try {
      const answer = await deps.dispatcher.request({
        origin: deps.ingressUrl,
        path: `${agentPath(userId)}${agentdPaths.appList}`,
        method: "GET",
        headers: { cookie: `${SESSION_COOKIE}=${token}` },
        signal: AbortSignal.any([signal, AbortSignal.timeout(TIMEOUT_MS)]),
      });
      if (answer.statusCode !== 200) {
        await answer.body.dump();
        return null;
      }
      return foundAppsSchema.parse(await answer.body.json()).apps;
    } catch (error) {
      deps.log.warn({ err: error }, "could not ask an agent for its apps");
      return null;
    }
  };
}
