import { expect, test } from "vitest";
import { describeEntry } from "./statement.ts";

test.each([
  ["grant", "monthly", "Monthly credits"],
  ["charge", "ai_message", "AI message"],
  ["capture", "browser_minute", "Browser minute"],
  ["expiry", "monthly", "Expired: Monthly credits"],
  ["revoke", "pack", "Taken back: Credit pack"],
  ["refund", "refund", "Refund"],
  ["capture", "ai_message_surcharge", "Opus or extended thinking"],
  ["charge", "a_resource_of_next_year", "a_resource_of_next_year"],
] as const)("%s of %s reads “%s”", (kind, subject, text) => {
  expect(describeEntry(kind, subject)).toBe(text);
});
