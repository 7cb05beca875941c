import { expect, test } from "vitest";
import { paymentNotice } from "./payment-notice.ts";

const day = (ms: number) => `day ${ms}`;
const nobodyLeaves = { deletion: null };

test("nothing is said while all is paid, or while nothing was ever bought", () => {
  expect(paymentNotice({ dunning: "clear", deadlineMs: null, refusal: null }, nobodyLeaves, day)).toBeNull();
  expect(paymentNotice({ dunning: "clear", deadlineMs: null, refusal: "plan_needed" }, nobodyLeaves, day)).toBeNull();
});

test("a failed payment is said in the product's words, with the day that counts, and sends to the card", () => {
  const grace = paymentNotice({ dunning: "grace", deadlineMs: 7, refusal: null }, nobodyLeaves, day);
  expect(grace).toMatchObject({
    title: "Payment failed. Update your card to keep your agent running.",
    text: expect.stringContaining("until day 7"),
    remedy: "card",
  });
  const asleep = paymentNotice({ dunning: "asleep", deadlineMs: 30, refusal: "payment_failed" }, nobodyLeaves, day);
  expect(asleep).toMatchObject({ tone: "failing", text: expect.stringContaining("kept until day 30"), remedy: "card" });
});

test("a plan that is over sends to the plans, and says when the data goes", () => {
  const ended = paymentNotice({ dunning: "asleep", deadlineMs: 30, refusal: "plan_ended" }, nobodyLeaves, day);
  expect(ended).toMatchObject({ text: expect.stringContaining("until day 30"), remedy: "plans" });
  const gone = paymentNotice({ dunning: "expired", deadlineMs: null, refusal: "plan_ended" }, nobodyLeaves, day);
  expect(gone?.title).toContain("deleted");
});

test("the end of the account goes before money", () => {
  const notice = paymentNotice(
    { dunning: "asleep", deadlineMs: 30, refusal: "account_ending" },
    { deletion: { requestedAtMs: 0, eraseAtMs: 29, canUndo: true } },
    day,
  );
  expect(notice).toMatchObject({ text: expect.stringContaining("day 29"), remedy: "settings" });
});
