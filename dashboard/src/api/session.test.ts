import { expect, test, vi } from "vitest";
import { makeLocalSessionKeeper } from "./session.ts";

test("shares one request between callers at the same time", async () => {
  const send = vi.fn<typeof fetch>(() => Promise.resolve(new Response("{}", { status: 200 })));
  const keeper = makeLocalSessionKeeper(send);
  expect(await Promise.all([keeper.refresh(), keeper.refresh()])).toEqual([true, true]);
  expect(send).toHaveBeenCalledTimes(1);
  await keeper.refresh();
  expect(send).toHaveBeenCalledTimes(2);
});

test("tells an ended session from a service that is away", async () => {
  const ended = makeLocalSessionKeeper(() => Promise.resolve(new Response("{}", { status: 401 })));
  expect(await ended.refresh()).toBe(false);
  const away = makeLocalSessionKeeper(() => Promise.resolve(new Response("", { status: 503 })));
  await expect(away.refresh()).rejects.toMatchObject({ code: "service_unavailable" });
});

test("tells of each fresh token, of nothing else, and nobody who left", async () => {
  const answers = [200, 401, 503, 200, 200];
  const keeper = makeLocalSessionKeeper(() => Promise.resolve(new Response("{}", { status: answers.shift() ?? 500 })));
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
