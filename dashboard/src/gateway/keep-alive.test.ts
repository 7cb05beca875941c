import { agentKeepAlivePath } from "@automna/contract/paths";
import { expect, test, vi } from "vitest";
import { makeLocalTokens, makeSessionKeeper } from "../api/session.ts";
import type { ConnectionState } from "./connection-state.ts";
import { keepSocketAlive } from "./keep-alive.ts";

const localKeeper = (send: typeof fetch) => makeSessionKeeper(async () => makeLocalTokens(send));

const states = {
  connecting: { kind: "connecting", attempt: 0 },
  online: { kind: "online" },
  waiting: { kind: "waiting" },
  offline: { kind: "offline", retryAtMs: 0, attempt: 1 },
  refused: { kind: "refused", reason: "" },
} as const satisfies Record<ConnectionState["kind"], ConnectionState>;

function open(state: ConnectionState, { refreshStatus = 200, fails = false } = {}) {
  const keeper = localKeeper(() => Promise.resolve(new Response("{}", { status: refreshStatus })));
  const send = vi.fn<typeof fetch>(() =>
    fails ? Promise.reject(new TypeError("failed")) : Promise.resolve(new Response("{}")),
  );
  const connection = vi.fn(() => state);
  const stop = keepSocketAlive({ keeper, userId: "user_1", connection, fetch: send });
  return { keeper, send, stop };
}

test.each([
  ["online", 1],
  ["connecting", 1],
  ["waiting", 0],
  ["offline", 0],
  ["refused", 0],
] as const)("%s: a fresh token is shown to the proxy %i times", async (kind, times) => {
  const { keeper, send } = open(states[kind]);
  await keeper.refresh();
  expect(send).toHaveBeenCalledTimes(times);
});

test("asks for the agent's keep-alive on this origin, past any cache, each time anew", async () => {
  const { keeper, send } = open(states.online);
  await keeper.refresh();
  await keeper.refresh();
  expect(send.mock.calls.map(([path]) => path)).toEqual([agentKeepAlivePath("user_1"), agentKeepAlivePath("user_1")]);
  expect(agentKeepAlivePath("user_1")).toMatch(/^\/a\/user_1\//);
  expect(send.mock.calls[0]?.[1]).toMatchObject({ method: "GET", cache: "no-store" });
});

test("shows no token that is not there", async () => {
  for (const refreshStatus of [401, 503]) {
    const { keeper, send } = open(states.online, { refreshStatus });
    await keeper.refresh().catch(() => undefined);
    expect(send).not.toHaveBeenCalled();
  }
});

test("a proxy that does not answer troubles nobody", async () => {
  const { keeper, send } = open(states.online, { fails: true });
  expect(await keeper.refresh()).toBe(true);
  // An error that nobody took would fail the whole run.
  await new Promise((resolve) => setTimeout(resolve, 0));
  expect(send).toHaveBeenCalledTimes(1);
});

test("ends with its chat session", async () => {
  const { keeper, send, stop } = open(states.online);
  stop();
  await keeper.refresh();
  expect(send).not.toHaveBeenCalled();
});
