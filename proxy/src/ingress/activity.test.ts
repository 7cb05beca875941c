import { makeSilentLog } from "@automna/service-kit/log";
import { expect, test } from "vitest";
import { makeActivity } from "./activity.ts";

test("many requests are one name in one write, and an open socket counts each time", async () => {
  const writes: string[][] = [];
  const activity = makeActivity({
    record: async (userIds) => void writes.push([...userIds]),
    holders: () => ["user_socket"],
    log: makeSilentLog(),
    now: () => 1_000,
  });
  for (let i = 0; i < 1_000; i += 1) activity.touched("user_busy");
  await activity.flush();
  await activity.close();
  expect(writes).toEqual([["user_busy", "user_socket"], ["user_socket"]]);
});

test("what could not be written is written the next time", async () => {
  const writes: string[][] = [];
  let isAway = true;
  const activity = makeActivity({
    async record(userIds) {
      if (isAway) throw new Error("the database is away");
      writes.push([...userIds]);
    },
    holders: () => [],
    log: makeSilentLog(),
    now: () => 1_000,
  });
  activity.touched("user_a");
  await activity.flush();
  isAway = false;
  await activity.close();
  expect(writes).toEqual([["user_a"]]);
});
