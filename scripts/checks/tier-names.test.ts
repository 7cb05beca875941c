import { globSync, readFileSync } from "node:fs";
import { tierCatalogue, tiers } from "@automna/core/tiers/catalogue";
import { expect, test } from "vitest";
import { inCheckout } from "../bootstrap/paths.mjs";

const CATALOGUE = "packages/core/src/tiers/catalogue.ts";
/** `local` is also an issuer, a backend and a place; what the catalogue sells is nothing else. */
const names = tiers.filter((tier) => tierCatalogue[tier].sale !== "internal");
const literal = new RegExp(`["'\`](${names.join("|")})["'\`]|\\.(starter|enterprise)\\b|\\btier === "local"`);

const sources = globSync(
  [
    "{api,provisioner,nodekeeper,proxy,agent}/src/**/*.ts",
    "dashboard/src/**/*.{ts,tsx}",
    "packages/{core,contract,records,service-kit}/src/**/*.ts",
  ],
  { cwd: inCheckout(".") },
).filter((path) => !path.includes(".test.") && !path.includes("/testing/"));

/** Lines of code (not of comments) that name a plan. */
const naming = (text: string) =>
  text.split("\n").filter((line) => literal.test(line.replace(/^\s*(\/\/|\*|\/\*\*).*/, "")));

test("no plan is named outside the catalogue", () => {
  expect(sources.length).toBeGreaterThan(300);
  const found = sources
    .filter((path) => path !== CATALOGUE)
    .flatMap((path) => naming(readFileSync(inCheckout(path), "utf8")).map((line) => `${path}: ${line.trim()}`));
  expect(found).toEqual([]);
});

test("the check sees a plan that is named", () => {
  expect(naming('if (tier === "pro") return;\n// a comment about "max"\nif (tier === "local") return;')).toHaveLength(
    2,
  );
  expect(naming(readFileSync(inCheckout(CATALOGUE), "utf8")).length).toBeGreaterThan(0);
});
