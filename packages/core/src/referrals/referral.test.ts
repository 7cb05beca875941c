import { describe, expect, test } from "vitest";
import { DAY_MS } from "../shared/clock.ts";
import { canonicalEmail } from "./canonical-email.ts";
import { networkOf } from "./network.ts";
import { judgePayment, judgeSignUp, monthStartMs, type SignUpFacts } from "./referral.ts";

const NOW = Date.UTC(2026, 10, 22);
const facts: SignUpFacts = {
  referrer: { id: "user_ann", email: "ann@example.com", network: "n1" },
  referred: { id: "user_bob", email: "bob@example.com", createdAtMs: NOW, network: "n2" },
  earlierEmails: [],
  fromSameNetwork: 0,
  seenAtMs: NOW - DAY_MS,
};
const { referrer, referred } = facts;
const judge = (changes: Partial<SignUpFacts>) => judgeSignUp({ ...facts, ...changes }, NOW);

describe("a sign-up through a link", () => {
  test("counts for who is new and somebody else", () => expect(judge({})).toBeNull());

  test.each<[string, Partial<SignUpFacts>, string | null]>([
    ["of oneself", { referred: { ...referred, id: referrer.id } }, "self"],
    [
      "under another spelling of one's address",
      { referred: { ...referred, email: "Ann+2@example.com" } },
      "same_email",
    ],
    ["of a mailbox that was brought before", { earlierEmails: ["bob@example.com"] }, "same_email"],
    ["45 days after the link", { seenAtMs: NOW - 45 * DAY_MS }, null],
    ["later than 45 days after the link", { seenAtMs: NOW - 45 * DAY_MS - 1 }, "too_late"],
    ["before the link was seen", { seenAtMs: NOW + 1 }, "too_late"],
    ["claimed for an old account", { referred: { ...referred, createdAtMs: NOW - 4 * DAY_MS } }, "too_late"],
    ["as the second of one network", { fromSameNetwork: 1 }, null],
    ["as the third of one network", { fromSameNetwork: 2 }, "network_cluster"],
    ["from the referrer's own network", { referred: { ...referred, network: "n1" } }, null],
    [
      "as the second from the referrer's own network",
      { referred: { ...referred, network: "n1" }, fromSameNetwork: 1 },
      "network_cluster",
    ],
  ])("%s", (_what, changes, reason) => expect(judge(changes)).toBe(reason));

  test("networks that are not known are not the same", () =>
    expect(
      judge({
        referrer: { ...referrer, network: null },
        referred: { ...referred, network: null },
        fromSameNetwork: 1,
      }),
    ).toBeNull());
});

describe("a first payment", () => {
  test.each([
    [{ hasKnownCard: false, earnedThisMonth: 9 }, null],
    [{ hasKnownCard: true, earnedThisMonth: 0 }, "same_card"],
    [{ hasKnownCard: false, earnedThisMonth: 10 }, "monthly_cap"],
  ])("%j → %s", (payment, reason) => expect(judgePayment(payment)).toBe(reason));

  test("months are the calendar's", () =>
    expect(new Date(monthStartMs(NOW)).toISOString()).toBe("2026-11-01T00:00:00.000Z"));
});

describe("one mailbox", () => {
  test.each([
    ["Ann@Example.com", "ann@example.com"],
    ["ann+shop@example.com", "ann@example.com"],
    ["a.n.n+x@gmail.com", "ann@gmail.com"],
    ["ann@googlemail.com", "ann@gmail.com"],
    ["a.nn@example.com", "a.nn@example.com"],
  ])("%s is %s", (from, to) => expect(canonicalEmail(from)).toBe(to));
});

describe("the network of", () => {
  test.each([
    ["203.0.113.7", "203.0.113.0/24"],
    ["::ffff:203.0.113.7", "203.0.113.0/24"],
    ["2001:db8:7:8::1", "2001:db8:7::/48"],
    ["2001:0db8:0007:0008:1:2:3:4", "2001:db8:7::/48"],
    ["127.0.0.1", null],
    ["10.1.2.3", null],
    ["100.64.0.1", null],
    ["192.168.1.1", null],
    ["::1", null],
    ["fe80::1", null],
    ["fd00::1", null],
    ["", null],
    ["203.0.113", null],
    ["2001:db8", null],
    ["x::y", null],
  ])("%j is %j", (address, network) => expect(networkOf(address)).toBe(network));
});
