import { expect, test } from "vitest";
import { compareInventories, type Inventory } from "./inventory.ts";

const inventory = (over: Partial<Inventory>): Inventory => ({
  records: ["a", "b"],
  services: ["s"],
  secrets: [],
  volumes: [],
  engineVolumes: [],
  containers: [],
  ports: ["n 1"],
  ...over,
});

test("what is there exactly as wished makes no difference", () => {
  expect(compareInventories(inventory({}), inventory({ records: ["b", "a"] }))).toEqual([]);
});

test("what is missing, a stranger, and one thing twice are told", () => {
  const found = inventory({ records: ["a"], services: ["s", "s"], ports: ["n 2"] });
  expect(compareInventories(inventory({}), found)).toEqual([
    "records: b is missing",
    "services: s is one too many",
    "ports: n 2 is one too many",
    "ports: n 1 is missing",
  ]);
});
