import { expect, test } from "vitest";
import { tierCatalogue, tiers } from "../tiers/catalogue.ts";
import { apiKeyRefusal, type ApiKeyFacts } from "./api-key-state.ts";

const good: ApiKeyFacts = { expiresAtMs: null, revokedAtMs: null, userState: "active", tier: "max" };

test("a key works from its making until its expiry, to the millisecond", () => {
  expect(apiKeyRefusal(good, 5)).toBeNull();
  expect(apiKeyRefusal({ ...good, expiresAtMs: 6 }, 5)).toBeNull();
  expect(apiKeyRefusal({ ...good, expiresAtMs: 5 }, 5)).toBe("api_key_ended");
});

test("a revoked key stays revoked, whatever else is so", () => {
  expect(apiKeyRefusal({ ...good, revokedAtMs: 9, userState: "suspended" }, 5)).toBe("api_key_ended");
});

test("a key is as welcome as its owner", () => {
  expect(apiKeyRefusal({ ...good, userState: "suspended" }, 5)).toBe("forbidden");
  expect(apiKeyRefusal({ ...good, userState: "deleted" }, 5)).toBe("api_key_ended");
});

test("only plans with API access keep keys alive", () => {
  for (const tier of tiers) {
    const expected = tierCatalogue[tier].hasApiAccess ? null : "api_access_not_included";
    expect(apiKeyRefusal({ ...good, tier }, 5), tier).toBe(expected);
  }
  expect(apiKeyRefusal({ ...good, tier: null }, 5)).toBe("api_access_not_included");
});
