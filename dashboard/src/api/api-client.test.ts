import { expect, test, vi } from "vitest";
import { makeApiClient, toPath } from "./api-client.ts";

const json = (status: number, body: unknown) => new Response(JSON.stringify(body), { status });
const identity = {
  issuer: "local",
  admitted: true,
  signedIn: false,
  clerkPublishableKey: null,
  clerkFrontendUrl: null,
};
const refusal = { error: { code: "not_signed_in", message: "Please sign in." } };

function client(answers: Response[], refreshed = true) {
  const send = vi.fn<typeof fetch>(() => Promise.resolve(answers.shift() ?? json(500, {})));
  const refreshSession = vi.fn(() => Promise.resolve(refreshed));
  const onSignedOut = vi.fn();
  return { api: makeApiClient({ fetch: send, refreshSession, onSignedOut }), send, refreshSession, onSignedOut };
}

test("reads an answer by the contract", async () => {
  const { api } = client([json(200, identity)]);
  expect(await api.call("identity", {})).toEqual(identity);
});

test("refreshes the session once and repeats the call", async () => {
  const line = client([json(401, refusal), json(200, { agents: [] })]);
  expect(await line.api.call("listAgents", {})).toEqual({ agents: [] });
  expect(line.refreshSession).toHaveBeenCalledTimes(1);
  expect(line.onSignedOut).not.toHaveBeenCalled();
});

test("leads to the sign-in when the session is over", async () => {
  const line = client([json(401, refusal)], false);
  await expect(line.api.call("listAgents", {})).rejects.toMatchObject({ code: "not_signed_in", kind: "user" });
  expect(line.send).toHaveBeenCalledTimes(1);
  expect(line.onSignedOut).toHaveBeenCalledTimes(1);
});

test("tells a failure with its code, message and details", async () => {
  const { api } = client([json(422, { error: { code: "key_limited", message: "Limits.", details: { a: 1 } } })]);
  await expect(api.call("putKey", { body: { key: "x".repeat(20) } })).rejects.toMatchObject({
    code: "key_limited",
    message: "Limits.",
    details: { a: 1 },
  });
});

test("calls an answer without our body a service that is away", async () => {
  const { api } = client([new Response("<html>bad gateway</html>", { status: 502 })]);
  await expect(api.call("identity", {})).rejects.toMatchObject({ code: "service_unavailable", kind: "transient" });
});

test("calls no answer at all unreachable", async () => {
  const api = makeApiClient({
    fetch: () => Promise.reject(new TypeError("failed")),
    refreshSession: () => Promise.resolve(true),
    onSignedOut: vi.fn(),
  });
  await expect(api.call("identity", {})).rejects.toMatchObject({ code: "unreachable", kind: "transient" });
});

test("sends what a route asks for behind the path, and nothing that is not given", async () => {
  const line = client([json(200, { entries: [], nextBefore: null }), json(200, { entries: [], nextBefore: null })]);
  await line.api.call("getStatement", { query: { before: 7 } });
  await line.api.call("getStatement", { query: {} });
  expect(line.send.mock.calls.map(([path]) => path)).toEqual([
    "/api/credits/statement?before=7",
    "/api/credits/statement",
  ]);
});

test("fills the path's parameters in", () => {
  expect(toPath("agentEvents", { agentId: "agt_1" })).toBe("/api/agents/agt_1/events");
  expect(toPath("getAgent", { agentId: "a/../b" })).toBe("/api/agents/a%2F..%2Fb");
});
