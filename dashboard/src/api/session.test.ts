import { expect, test, vi } from "vitest";
import { makeClerkTokens, makeLocalTokens, makeSessionKeeper } from "./session.ts";

const localKeeper = (send: typeof fetch) => makeSessionKeeper(async () => makeLocalTokens(send));

test("shares one request between callers at the same time", async () => {
  const send = vi.fn<typeof fetch>(() => Promise.resolve(new Response("{}", { status: 200 })));
  const keeper = localKeeper(send);
  expect(await Promise.all([keeper.refresh(), keeper.refresh()])).toEqual([true, true]);
  expect(send).toHaveBeenCalledTimes(1);
  await keeper.refresh();
  expect(send).toHaveBeenCalledTimes(2);
});

test("tells an ended session from a service that is away", async () => {
  const ended = localKeeper(() => Promise.resolve(new Response("{}", { status: 401 })));
  expect(await ended.refresh()).toBe(false);
  const away = localKeeper(() => Promise.resolve(new Response("", { status: 503 })));
  await expect(away.refresh()).rejects.toMatchObject({ code: "service_unavailable" });
});

test("tells of each fresh token, of nothing else, and nobody who left", async () => {
  const answers = [200, 401, 503, 200, 200];
  const keeper = localKeeper(() => Promise.resolve(new Response("{}", { status: answers.shift() ?? 500 })));
  const heard = vi.fn();
  const stop = keeper.onRefreshed(heard);
  await keeper.refresh();
  expect(heard).toHaveBeenCalledTimes(1);
  await keeper.refresh();
  await keeper.refresh().catch(() => undefined);
  expect(heard).toHaveBeenCalledTimes(1);
  await Promise.all([keeper.refresh(), keeper.refresh()]);
  expect(heard).toHaveBeenCalledTimes(2);
  stop();
  await keeper.refresh();
  expect(heard).toHaveBeenCalledTimes(2);
});

test("Clerk's client brings tokens; without a session there, or with one that ended, the session is over", async () => {
  const end = vi.fn(() => Promise.resolve());
  const keeper = (session: { getToken: () => Promise<string | null> } | null) =>
    makeSessionKeeper(async () => makeClerkTokens(async () => ({ session, signOut: end })));
  expect(await keeper({ getToken: async () => "a.b.c" }).refresh()).toBe(true);
  expect(await keeper({ getToken: async () => null }).refresh()).toBe(false);
  expect(await keeper(null).refresh()).toBe(false);
  await keeper(null).end();
  expect(end).toHaveBeenCalledTimes(1);
});

test("Clerk's client that can't be loaded is no ended session", async () => {
  const keeper = makeSessionKeeper(async () => makeClerkTokens(() => Promise.reject(new Error("blocked"))));
  await expect(keeper.refresh()).rejects.toThrow("blocked");
});
