import { expect, test } from "vitest";
import { makeClaimsMemory } from "./claims-memory.ts";

const claims = (exp: number, sid = "sess_a") => ({ sub: "user_a", sid, iat: 0, exp, role: "customer" }) as never;

test("what has ended goes as something new comes, and what holds stays", () => {
  let now = 0;
  const memory = makeClaimsMemory({ max: 100, now: () => now });
  for (let second = 1; second <= 50; second += 1) memory.remember(`t${second}`, claims(second));
  now = 40_000;
  memory.remember("new", claims(90));
  expect(memory.size()).toBe(11);
  expect(memory.get("t40")).toBeUndefined();
  expect(memory.get("t41")).toMatchObject({ exp: 41 });
});

test("never holds more than it may: the oldest goes", () => {
  const memory = makeClaimsMemory({ max: 3, now: () => 0 });
  for (const key of ["a", "b", "c", "d"]) memory.remember(key, claims(60));
  expect(["a", "b", "c", "d"].filter((key) => memory.get(key) !== undefined)).toEqual(["b", "c", "d"]);
});

test("forgets what somebody says is over", () => {
  const memory = makeClaimsMemory({ max: 3, now: () => 0 });
  memory.remember("a", claims(60, "sess_a"));
  memory.remember("b", claims(60, "sess_b"));
  memory.forget(({ sid }) => sid === "sess_a");
  expect([memory.get("a"), memory.size()]).toEqual([undefined, 1]);
});
