import type { IncomingMessage } from "node:http";
import { appError } from "@automna/contract/error-catalogue";
import { expect, test, vi } from "vitest";
import { formatAccess, makeAccessLog } from "./access-log.ts";
import { Passage } from "./passage.ts";

const traceparent = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";

function passageOf(headers: Record<string, string> = {}) {
  const request = { method: "POST", url: "/a/user_anna/secret-plan?token=t0p", headers } as unknown as IncomingMessage;
  return new Passage(request, "req_1");
}

test("tells who, what kind, how it ended, how long each part took and how many bytes", () => {
  const passage = passageOf({ traceparent });
  Object.assign(passage, {
    pathClass: "forward",
    userId: "user_anna",
    agentId: "agt_1",
    status: 200,
    startedAt: 10,
    checkedAt: 10.25,
    routedAt: 10.5,
    answeredAt: 12.5,
    tally: { bytesIn: 7, bytesOut: 9 },
  });
  expect(JSON.parse(formatAccess(passage, 13, "2026-11-22T10:00:00.000Z"))).toEqual({
    level: "info",
    time: "2026-11-22T10:00:00.000Z",
    service: "ingress",
    msg: "access",
    requestId: "req_1",
    traceId: "4bf92f3577b34da6a3ce929d0e0e4736",
    user: "user_anna",
    agent: "agt_1",
    method: "POST",
    class: "forward",
    status: 200,
    us: { checks: 250, route: 250, answer: 2_000, total: 3_000 },
    bytes: { in: 7, out: 9 },
  });
});

test("says nothing of path, query, cookie, token or forged trace, also of what was refused", () => {
  const passage = passageOf({
    cookie: "__session=c00kie",
    authorization: "Bearer b34rer",
    traceparent: 'x","user":"admin',
    tracestate: "st4te",
  });
  passage.refused(appError("not_signed_in", { cause: new Error("b34rer") }));
  const line = formatAccess(passage, 13, "now");
  expect(line).not.toMatch(/secret-plan|t0p|c00kie|b34rer|st4te|admin/);
  expect(JSON.parse(line)).toMatchObject({ user: null, agent: null, class: "unread", code: "not_signed_in" });
});

test("writes many lines at a time, and the last ones when asked to", () => {
  vi.useFakeTimers();
  const written: string[] = [];
  const log = makeAccessLog({ write: (text) => written.push(text), now: Date.now });
  for (let index = 0; index < 450; index += 1) log.add(passageOf(), 1);
  expect(written.map((text) => text.split("\n").length - 1)).toEqual([200, 200]);
  vi.advanceTimersByTime(1_000);
  log.add(passageOf(), 1);
  log.flush();
  log.flush();
  expect(written.map((text) => text.split("\n").length - 1)).toEqual([200, 200, 50, 1]);
  vi.useRealTimers();
});
