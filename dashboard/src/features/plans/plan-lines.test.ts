import { sellableTiers } from "@automna/core/billing/price-keys";
import { expect, test } from "vitest";
import { formatPrice, planLines } from "./plan-lines.ts";

test("each plan says what it brings, and no two say the same", () => {
  const all = sellableTiers.map((tier) => planLines(tier).join());
  expect(new Set(all).size).toBe(sellableTiers.length);
  for (const lines of all) expect(lines).toMatch(/GB of memory.*credits a month/);
});

test("prices are whole dollars with their sign", () => {
  expect(formatPrice(2_900)).toBe("$29");
  expect(formatPrice(129_900)).toBe("$1,299");
});
