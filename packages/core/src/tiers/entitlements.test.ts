import { describe, expect, test } from "vitest";
import { DAY_MS } from "../shared/clock.ts";
import { tierCatalogue, tiers } from "./catalogue.ts";
import { canConnectIntegration, canUseCredits, canUseOverage, chooseAiUsage, memoryHorizon } from "./entitlements.ts";

describe("the catalogue", () => {
  test("has the product's prices, memory and credits", () => {
    const listed = tiers
      .map((tier) => tierCatalogue[tier])
      .filter(({ sale }) => sale === "listed")
      .map(({ label, monthlyPriceCents, memoryMb, creditsPerMonth }) => [
        label,
        monthlyPriceCents,
        memoryMb,
        creditsPerMonth,
      ]);
    expect(listed).toEqual([
      ["Starter", 2_900, 2_560, 500],
      ["Pro", 7_900, 4_096, 2_000],
      ["Business", 12_900, 8_192, 15_000],
      ["Max", 24_900, 16_384, 40_000],
    ]);
  });

  test("what is listed has a price of its own to be found by, and nothing else has one", () => {
    const facts = tiers.map((tier) => tierCatalogue[tier]);
    for (const { sale, monthlyPriceCents, priceLookupKey } of facts) {
      expect([monthlyPriceCents !== null, priceLookupKey !== null]).toEqual([sale === "listed", sale === "listed"]);
    }
    const keys = facts.flatMap(({ priceLookupKey }) => priceLookupKey ?? []);
    expect(new Set(keys).size).toBe(keys.length);
  });

  test("a dedicated tier knows which servers to order, and no other does", () => {
    for (const tier of tiers) {
      const { placement, serverTypes } = tierCatalogue[tier];
      expect(serverTypes.length > 0, tier).toBe(placement === "dedicated");
    }
  });
});

describe("entitlements", () => {
  test("starter connects one integration, the others as many as they like", () => {
    expect([canConnectIntegration("starter", 0), canConnectIntegration("starter", 1)]).toEqual([true, false]);
    expect(canConnectIntegration("pro", 50)).toBe(true);
  });

  test("AI runs on credits only where the tier has them and the customer brings no key", () => {
    expect([chooseAiUsage("business", false), chooseAiUsage("business", true), chooseAiUsage("pro", false)]).toEqual([
      "credits",
      "byok",
      "byok",
    ]);
  });

  test("the shared plans for sale can't pay the model in credits", () => {
    expect(tiers.filter((tier) => !canUseCredits(tier))).toEqual(["starter", "pro"]);
    expect(chooseAiUsage("local", false)).toBe("byok");
  });

  test("starter remembers 30 days, pro for good", () => {
    expect(memoryHorizon("starter", 31 * DAY_MS)).toBe(DAY_MS);
    expect(memoryHorizon("pro", 31 * DAY_MS)).toBeNull();
  });

  test("overage needs somebody to bill", () => {
    expect(tiers.filter((tier) => !canUseOverage(tier))).toEqual(["local"]);
  });
});
