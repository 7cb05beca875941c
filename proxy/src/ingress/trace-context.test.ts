import { expect, test } from "vitest";
import { readTraceContext } from "./trace-context.ts";

const traceId = "4bf92f3577b34da6a3ce929d0e0e4736";
const traceparent = `00-${traceId}-00f067aa0ba902b7-01`;

test("reads a trace and what belongs to it", () => {
  expect(readTraceContext({ traceparent, tracestate: "vendor=1" })).toEqual({
    traceId,
    headers: ["traceparent", traceparent, "tracestate", "vendor=1"],
  });
});

test.each([
  ["none", {}],
  ["a state alone", { tracestate: "vendor=1" }],
  ["two of them", { traceparent: `${traceparent}, ${traceparent}` }],
  ["another version", { traceparent: `01${traceparent.slice(2)}` }],
  ["capitals", { traceparent: traceparent.toUpperCase() }],
  ["no trace", { traceparent: `00-${"0".repeat(32)}-00f067aa0ba902b7-01` }],
  ["no parent", { traceparent: `00-${traceId}-${"0".repeat(16)}-01` }],
  ["text", { traceparent: 'x","user":"admin' }],
])("%s is no trace", (_what, headers) => {
  expect(readTraceContext(headers)).toBeNull();
});
