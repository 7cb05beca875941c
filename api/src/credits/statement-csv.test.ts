import { expect, test } from "vitest";
import { toCsvLine } from "./statement-csv.ts";

const entry = { number: 7, atMs: 0, kind: "charge", subject: "email", credits: -1, balanceAfter: 499 } as const;

test("a line has number, date, words, credits and balance", () => {
  expect(toCsvLine(entry)).toBe('7,1970-01-01T00:00:00.000Z,"Email sent",-1,499\r\n');
});

test("text can neither leave its cell nor become a formula", () => {
  expect(toCsvLine({ ...entry, subject: '=1+1,"x"' })).toContain(`"'=1+1,""x"""`);
});
