import { expect, test } from "vitest";
import { isDatabaseAway } from "./database-errors.ts";

const error = (fields: object, message = "x") => Object.assign(new Error(message), fields);

test("what Prisma, its adapter, node-postgres and the server say of an outage is known", () => {
  const away = [
    error({ code: "P1001" }),
    error({ code: "P2010", meta: { driverAdapterError: error({ cause: { kind: "DatabaseNotReachable" } }) } }),
    error({
      code: "P2010",
      meta: { driverAdapterError: error({ cause: { kind: "postgres", code: "57P01", originalCode: "57P01" } }) },
    }),
    error({ code: "ECONNREFUSED" }),
    error({ code: "57P03" }),
    new Error("wrapped", { cause: error({ code: "08006" }) }),
    new Error("Connection terminated unexpectedly"),
  ];
  for (const one of away) expect(isDatabaseAway(one), String(one)).toBe(true);
});

test("a wrong query, a conflict and anything else is not an outage", () => {
  const here = [
    error({ code: "P2002" }),
    error({ code: "23505" }),
    error({ code: "42P01" }),
    new Error("x"),
    "ECONNREFUSED",
    null,
    undefined,
  ];
  for (const one of here) expect(isDatabaseAway(one), String(one)).toBe(false);
  const circle: { cause?: unknown } = new Error("x");
  circle.cause = circle;
  expect(isDatabaseAway(circle)).toBe(false);
});
