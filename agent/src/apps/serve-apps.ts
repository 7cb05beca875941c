import type { IncomingHttpHeaders, IncomingMessage, ServerResponse } from "node:http";
import { pipeline } from "node:stream/promises";
import { foundAppsSchema, type FoundApp } from "@automna/contract/apps";
import { appError } from "@automna/contract/error-catalogue";
import type { Logger } from "@automna/service-kit/log";
import type { Dispatcher } from "undici";
import { answerError } from "../answers.ts";
import { FILES_PREFIX, LIST_PATH, TOKEN_HEADER } from "./app-program.ts";
import type { AppServer } from "./app-server.ts";

export interface Apps {
  /** What is published. Throws `agent_unavailable` when it can't be looked at. */
  list(): Promise<FoundApp[]>;
  /** Answers with a file of an app; resolves when the exchange is over, never rejects. */
  serve(app: { name: string; path: string }, request: IncomingMessage, response: ServerResponse): Promise<void>;
}

/** All that a file's answer depends on. */
const passedOn = [
  "range",
  "if-none-match",
  "if-modified-since",
  "if-match",
  "if-unmodified-since",
  "if-range",
] as const;
const passedBack = [
  "content-type",
  "content-length",
  "content-range",
  "accept-ranges",
  "etag",
  "last-modified",
  "location",
] as const;

/** The agent's apps, behind the program that may read them. */
export function makeApps(deps: { server: AppServer; dispatcher: Dispatcher; log: Logger }): Apps {
  const ask = async (
    path: string,
    method: Dispatcher.HttpMethod,
    headers: IncomingHttpHeaders,
    signal: AbortSignal,
  ) => {
    const { port, token } = await deps.server.address();
    const origin = `http://127.0.0.1:${port}`;
    return deps.dispatcher.request({ origin, path, method, signal, headers: { ...headers, [TOKEN_HEADER]: token } });
  };

  return {
    async list() {
      try {
        const answer = await ask(LIST_PATH, "GET", {}, AbortSignal.timeout(10_000));
        return foundAppsSchema.parse(await answer.body.json()).apps;
      } catch (cause) {
        throw appError("agent_unavailable", { cause });
      }
    },
    async serve({ name, path }, request, response) {
      const gone = new AbortController();
      response.once("close", () => gone.abort());
      const method = request.method === "HEAD" ? "HEAD" : "GET";
      try {
        const answer = await ask(`${FILES_PREFIX}${name}${path}`, method, pick(request.headers, passedOn), gone.signal);
        response.writeHead(answer.statusCode, pick(answer.headers, passedBack));
        await pipeline(answer.body, response);
      } catch (error) {
        if (gone.signal.aborted) return;
        deps.log.warn({ err: error }, "an app's file could not be served");
        if (response.headersSent) response.destroy();
        else answerError(response, "agent_unavailable");
      }
    },
  };
}

function pick(headers: IncomingHttpHeaders, names: readonly (keyof IncomingHttpHeaders)[]): Record<string, string> {
  const entries = names.map((name) => [name, headers[name]] as const);
  return Object.fromEntries(entries.filter((entry): entry is [string, string] => typeof entry[1] === "string"));
}
