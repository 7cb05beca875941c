import type { IncomingHttpHeaders } from "node:http";
import { RUN_HEADER, RUN_ID, RUN_KIND_HEADER } from "@automna/contract/headers";
import { runKinds, type RunKind } from "@automna/core/credits/meter-message";

/** The run that a call belongs to, as its agentd says. */
export interface RunFacts {
  id: string;
  kind: RunKind;
}

/** A call without a run, or with a name that is none, is a run of its own: whoever leaves it out pays for each call. */
export function parseRun(headers: IncomingHttpHeaders, callId: string): RunFacts {
  const id = headers[RUN_HEADER];
  const kind = runKinds.find((known) => known === headers[RUN_KIND_HEADER]) ?? "message";
  return typeof id === "string" && RUN_ID.test(id) ? { id, kind } : { id: callId, kind: "message" };
}
