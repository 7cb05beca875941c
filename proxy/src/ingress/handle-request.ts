import type { IncomingMessage, ServerResponse } from "node:http";
import { agentdPaths } from "@automna/contract/agentd";
import { PREWARM_PATH } from "@automna/contract/paths";
import type { Admission } from "./admission.ts";
import type { BackendConnections } from "./backend-connections.ts";
import { forwardHttp } from "./forward-http.ts";
import type { Heartbeat } from "./heartbeat.ts";
import type { Held, HeldConnections } from "./held-connections.ts";
import { Passage } from "./passage.ts";
import { refuseRequest } from "./refuse.ts";
import type { RefusalReport } from "./refusal-report.ts";

export interface HandlerDeps {
  admission: Admission;
  held: HeldConnections;
  connections: BackendConnections;
  heartbeat: Heartbeat;
  newRequestId: () => string;
  /** Told of each request and upgrade when it has ended. */
  onPassage: (passage: Passage, endedAt: number) => void;
  report: RefusalReport;
}

/** The way of one request to the agent. `mayContinue`: the caller waits for 100 Continue. Never rejects. */
export async function handleRequest(
  { admission, held, connections, newRequestId, onPassage, report }: HandlerDeps,
  request: IncomingMessage,
  response: ServerResponse,
  mayContinue: boolean,
): Promise<void> {
  const requestId = newRequestId();
  const passage = new Passage(request, requestId);
  let release: (() => void) | null = null;
  response.on("close", () => {
    release?.();
    passage.status = response.headersSent ? response.statusCode : 0;
    onPassage(passage, performance.now());
  });
  const refuse = (error: unknown) => {
    passage.refused(error);
    report(error, requestId);
    refuseRequest(response, error, requestId);
  };
  try {
    // Nothing is waited for that is known already: a request then leaves in the turn in which it came.
    const judged = admission.request(request, response);
    const admitted = judged instanceof Promise ? await judged : judged;
    if (admitted === null) passage.pathClass = "page";
    if (admitted === null || response.destroyed) return;
    const { target, caller } = admitted;
    const { userId } = target;
    const isPrewarm = target.path === PREWARM_PATH && request.method === "GET";
    passage.checked(target, isPrewarm || target.path === agentdPaths.health ? "health" : "forward");
    const entry: Held = {
      kind: "http",
      userId,
      sessionId: caller.sessionId,
      backendId: null,
      end: () => response.destroy(),
    };
    // Held before the look-up: a sign-out meanwhile must find it.
    release = held.add(caller, entry);
    const found = isPrewarm ? admission.lookForBackend(target) : admission.findBackend(target);
    const backend = found instanceof Promise ? await found : found;
    if (response.destroyed) return;
    if (backend === null) {
      response.writeHead(204, ["cache-control", "no-store"]).end();
      return;
    }
    passage.routed(backend);
    entry.backendId = backend.id;
    if (mayContinue) response.writeContinue();
    const forward = {
      request,
      response,
      method: request.method ?? "GET",
      // Whatever is asked over a connection, it is proven first and kept for what comes next.
      path: isPrewarm ? agentdPaths.health : target.rest,
      userId,
      passage,
      bodyMaxBytes: admission.bodyMaxBytes,
      toRequestHeaders: (used: typeof backend) => {
        entry.backendId = used.id;
        return admission.requestHeaders(request, used, { userId, requestId, trace: passage.trace });
      },
      findBackendAgain: () => admission.findBackendAgain(target),
      refuse,
    };
    forwardHttp(connections, forward, backend);
  } catch (error) {
    refuse(error);
  }
}
