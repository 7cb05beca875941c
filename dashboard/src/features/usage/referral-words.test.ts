import { referralStates } from "@automna/core/referrals/referral";
import { expect, test } from "vitest";
import { referralWords } from "./referral-words.ts";

test("each state has words of its own, with the credits where there are any", () => {
  const words = referralStates.map((state) => referralWords(state, null, 1_000));
  expect(words.filter((text) => text.includes("1,000 credits"))).toHaveLength(2);
  expect(new Set(words).size).toBe(referralStates.length - 1);
});

test("a refusal says why", () => {
  expect(referralWords("refused", "same_card", 1_000)).toBe("Does not count: a card that is known already");
});
