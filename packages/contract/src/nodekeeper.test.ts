import { describe, expect, test } from "vitest";
import { fencingSchema, nodekeeperRoutes, nodeNameSchema, slotIdSchema, snapshotNameSchema } from "./nodekeeper.ts";

const routes = Object.entries(nodekeeperRoutes);

test.each(routes)("%s: what changes something names its slot", (_, { isChanging, method, path }) => {
  expect(path.includes(":slotId") || !isChanging).toBe(true);
  expect(isChanging).toBe(method !== "GET");
});

test("no two routes share method and path", () => {
  expect(new Set(routes.map(([, { method, path }]) => `${method} ${path}`)).size).toBe(routes.length);
});

const tricks = [
  "",
  ".",
  "..",
  "../slt_00000000000000000000",
  "slt_00000000000000000000/..",
  "slt_0000000000000000000",
  "slt_00000000000000000000\n",
  "slt_00000000000000000000\0",
  "SLT_00000000000000000000",
  "slt_0000000000000000000/",
  "slt_%2e%2e00000000000000",
  "-slt_0000000000000000000",
];

describe("names that become paths, devices and arguments", () => {
  test.each(tricks)("%j is no slot id", (id) => {
    expect(slotIdSchema.safeParse(id).success).toBe(false);
  });
  test.each(["", ".", "..", "a/b", ".hidden", "-rf", "A", "a b", "a\n", "a".repeat(65)])(
    "%j is no snapshot's name",
    (name) => {
      expect(snapshotNameSchema.safeParse(name).success).toBe(false);
    },
  );
  test.each(["", "-a", "a.b", "a/b", "A", "a\n", "*"])("%j is no node's name", (name) => {
    expect(nodeNameSchema.safeParse(name).success).toBe(false);
  });
});

test("a fencing number is a whole number as the database counts, and nothing else", () => {
  expect(fencingSchema.parse("9007199254740993")).toBe(9_007_199_254_740_993n);
  for (const text of ["", "-1", "1.5", "0x1", "1e3", " 1", "9".repeat(19)])
    expect(fencingSchema.safeParse(text).success).toBe(false);
});
