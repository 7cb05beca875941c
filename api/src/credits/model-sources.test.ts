import { expect, test } from "vitest";
import { listModelSources } from "./model-sources.ts";

test("credits are offered where the plan has them and the installation has a key", () => {
  const offered = (tier: "local" | "pro" | "business", hasPlatformKey: boolean) =>
    listModelSources({ tier, hasPlatformKey }).includes("credits");
  expect([offered("business", true), offered("local", true)]).toEqual([true, true]);
  expect([offered("business", false), offered("pro", true)]).toEqual([false, false]);
  expect(listModelSources({ tier: "pro", hasPlatformKey: true })).toEqual(["byok", "demo"]);
});
