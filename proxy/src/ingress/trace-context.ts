import type { IncomingHttpHeaders } from "node:http";

/** Whose trace a request belongs to (W3C Trace Context): passed on as it is, and named in the access log. */
export interface TraceContext {
  traceId: string;
  /** Flat list of names and values. */
  headers: readonly string[];
}

/** Version 00 of https://www.w3.org/TR/trace-context/#traceparent-header; ids of zeros alone are invalid. */
const TRACE_PARENT = /^00-(?!0{32})([0-9a-f]{32})-(?!0{16})[0-9a-f]{16}-[0-9a-f]{2}$/;
const STATE_MAX_LENGTH = 512;

/** Null without a valid `traceparent`; a `tracestate` alone means nothing. */
export function readTraceContext({ traceparent, tracestate }: IncomingHttpHeaders): TraceContext | null {
  if (typeof traceparent !== "string") return null;
  const traceId = TRACE_PARENT.exec(traceparent)?.[1];
  if (traceId === undefined) return null;
  const hasState = typeof tracestate === "string" && tracestate.length <= STATE_MAX_LENGTH;
  return { traceId, headers: ["traceparent", traceparent, ...(hasState ? ["tracestate", tracestate] : [])] };
}
