import type { IncomingMessage } from "node:http";
import { appError } from "@automna/contract/error-catalogue";
import { assertFraming } from "../ingress/request-framing.ts";
import { proveBackend } from "../ingress/backend-proof.ts";
import type { BackendProof } from "../ingress/backend-connections.ts";
import { appRequestHeaders, appResponseHeaders } from "./app-headers.ts";
import { parseAppTarget } from "./app-target.ts";
import { makeHostParser, type AppHost, type ParseHost } from "./host-name.ts";
import { makePasses, type Passes } from "./app-pass.ts";
import { judgeVisit } from "./visibility.ts";
import type { Clock } from "@automna/core/shared/clock";

/**
 * Every check between a stranger and an app. They are values, so that an attack can be shown to succeed against the same
 * listener with one of them replaced.
 */
export interface AppGuards {
  framing: (request: IncomingMessage) => void;
  host: ParseHost;
  target: typeof parseAppTarget;
  visit: typeof judgeVisit;
  passes: Passes;
  /** A password comes from the app's own page. */
  formOrigin: (request: IncomingMessage, host: AppHost) => void;
  /** What is not for everybody is not for other sites' pages. */
  ownPage: (request: IncomingMessage) => void;
  /** No script of an app stands between its visitors and the platform's pages. */
  serviceWorker: (request: IncomingMessage) => void;
  /** A ticket opens the app that it was made for. */
  ticket: (ticket: { agentId: string; name: string }, app: { agentId: string; name: string }) => boolean;
  requestHeaders: typeof appRequestHeaders;
  responseHeaders: typeof appResponseHeaders;
  backendProof: BackendProof;
}

/** The real ones. `key` seals passes. */
export function makeAppGuards({ appsOrigin, key, now }: { appsOrigin: string; key: string; now: Clock }): AppGuards {
  return {
    framing: assertFraming,
    host: makeHostParser(appsOrigin),
    target: parseAppTarget,
    visit: judgeVisit,
    passes: makePasses({ key, now }),
    formOrigin({ headers }, { origin }) {
      // Browsers send it with every form; who leaves it out is no browser.
      if (headers.origin !== origin) throw appError("wrong_origin");
    },
    ownPage({ headers }) {
      const site = headers["sec-fetch-site"];
      if (site === undefined || site === "same-origin" || site === "none") return;
      // A link from elsewhere opens it as a page of its own, never within another.
      if (headers["sec-fetch-mode"] !== "navigate" || headers["sec-fetch-dest"] !== "document")
        throw appError("wrong_origin");
    },
    serviceWorker({ headers }) {
      if (headers["service-worker"] !== undefined || headers["sec-fetch-dest"] === "serviceworker")
        throw appError("forbidden");
    },
    ticket: (ticket, app) => ticket.agentId === app.agentId && ticket.name === app.name,
    requestHeaders: appRequestHeaders,
    responseHeaders: appResponseHeaders,
    backendProof: proveBackend,
  };
}
