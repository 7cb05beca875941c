import type { IncomingMessage, ServerResponse } from "node:http";
import type { Admission } from "./admission.ts";
import type { BackendConnections } from "./backend-connections.ts";
import { forwardHttp } from "./forward-http.ts";
import type { Heartbeat } from "./heartbeat.ts";
import type { Held, HeldConnections } from "./held-connections.ts";
import { refuseRequest } from "./refuse.ts";
import type { RefusalReport } from "./refusal-report.ts";

export interface HandlerDeps {
  admission: Admission;
  held: HeldConnections;
  connections: BackendConnections;
  heartbeat: Heartbeat;
  newRequestId: () => string;
  report: RefusalReport;
}

/** The way of one request to the agent. `mayContinue`: the caller waits for 100 Continue. Never rejects. */
export async function handleRequest(
  { admission, held, connections, newRequestId, report }: HandlerDeps,
  request: IncomingMessage,
  response: ServerResponse,
  mayContinue: boolean,
): Promise<void> {
  const requestId = newRequestId();
  const refuse = (error: unknown) => {
    report(error, requestId);
    refuseRequest(response, error, requestId);
  };
  try {
    const admitted = await admission.request(request, response);
    if (admitted === null || response.destroyed) return;
    const { target, caller } = admitted;
    const { userId } = target;
    const entry: Held = {
      kind: "http",
      userId,
      sessionId: caller.sessionId,
      backendId: null,
      end: () => response.destroy(),
    };
    // Held before the look-up: a sign-out meanwhile must find it.
    response.on("close", held.add(caller, entry));
    const backend = await admission.findBackend(target);
    if (response.destroyed) return;
    entry.backendId = backend.id;
    if (mayContinue) response.writeContinue();
    const forward = {
      request,
      response,
      method: request.method ?? "GET",
      path: target.rest,
      userId,
      requestId,
      toRequestHeaders: (used: typeof backend) => {
        entry.backendId = used.id;
        return admission.requestHeaders(request, used, { userId, requestId });
      },
      findBackendAgain: () => admission.findBackendAgain(target),
      refuse,
    };
    forwardHttp(connections, forward, backend);
  } catch (error) {
    refuse(error);
  }
}
