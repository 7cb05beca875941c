import { describe, expect, test } from "vitest";
import { DAY_MS, MINUTE_MS } from "../shared/clock.ts";
import { escapeHtml, toHeaderText } from "./mail-text.ts";
import { nextMailAttemptMs } from "./mail-retry.ts";

describe("a header's text", () => {
  test.each([
    ["Ann\r\nBcc: everybody@example.com", "Ann Bcc: everybody@example.com"],
    ["Ann\nSubject: x", "Ann Subject: x"],
    ["Ann\u0000\u000b\u000c\u0085\u2028\u2029Bob", "Ann Bob"],
    ["\u202etxt.exe", "txt.exe"],
    ["  Ann   B.  ", "Ann B."],
  ])("%j → %j", (from, to) => expect(toHeaderText(from)).toBe(to));

  test("is never long", () => expect(toHeaderText("a".repeat(1_000))).toHaveLength(120));
});

test("nothing in escaped text can open or close a tag or an attribute", () => {
  expect(escapeHtml(`<img src=x onerror="alert('1')">&`)).not.toMatch(/[<>"']|&(?!#\d+;)/);
});

describe("tries of a mail", () => {
  test("come soon at first and then ever later, for more than a weekend, and end", () => {
    const times: number[] = [];
    let nowMs = 0;
    for (let attempts = 1; ; attempts += 1) {
      const next = nextMailAttemptMs(attempts, nowMs);
      if (next === null) break;
      times.push(next - nowMs);
      nowMs = next;
    }
    expect(times[0]).toBe(MINUTE_MS);
    expect(times).toEqual(times.toSorted((a, b) => a - b));
    expect(nowMs).toBeGreaterThan(2 * DAY_MS);
    expect(times).toHaveLength(8);
  });
});
