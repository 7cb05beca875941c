import { DAY_MS, MINUTE_MS } from "@automna/core/shared/clock";
import type { WaitlistView } from "@automna/contract/waitlist";
import { makeSignedToken } from "@automna/service-kit/signed-token";
import { startFakeSmtp, type FakeSmtp } from "@automna/testkit/fakes/smtp";
import { createTestDatabase, type TestDatabase } from "@automna/testkit/postgres";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { startTestApi, type TestApi } from "../testing/start-test-api.ts";
import { codeOf, makeTestBrowser, type TestBrowser } from "../testing/test-browser.ts";
import { findInvitePromotion, forgetUnconfirmed } from "./waitlist-entries.ts";

let database: TestDatabase;
let smtp: FakeSmtp;
let api: TestApi;
let offsetMs: number;
let visitor: TestBrowser;

beforeEach(async () => {
  offsetMs = 0;
  database = await createTestDatabase();
  smtp = await startFakeSmtp();
  api = await startTestApi({
    databaseUrl: database.urlAs("automna_api"),
    smtpUrl: smtp.url,
    betaCap: 2,
    clockOffsetMs: () => offsetMs,
  });
  visitor = makeTestBrowser(api.origin);
});
afterEach(async () => {
  await api.close();
  await smtp.close();
  await database.drop();
});

const join = (email: string, more: Record<string, string> = {}, address = "203.0.113.1") =>
  visitor.call("joinWaitlist", { body: { email, ...more }, headers: { "x-test-address": address } });
const entryOf = (email: string) => api.db.waitlistEntry.findUnique({ where: { email } });
const post = (url: string, headers: Record<string, string> = {}, body = "") =>
  fetch(url, { method: "POST", headers: { "content-type": "application/x-www-form-urlencoded", ...headers }, body });

/** The links of the newest mail to an address. */
async function linksTo(email: string): Promise<string[]> {
  await api.mail.runOnce();
  const mail = await smtp.mailsTo(email).at(-1)?.parsed;
  return [...(mail?.text ?? "").matchAll(/https?:\/\/\S+/g)].map(([link]) => link);
}

async function joinAndConfirm(email: string): Promise<void> {
  await join(email);
  const [confirm = ""] = await linksTo(email);
  expect((await post(confirm)).status).toBe(200);
  offsetMs += 1;
}

async function operator(): Promise<TestBrowser> {
  const browser = makeTestBrowser(api.origin);
  await browser.signIn(api.startLink(), "operator@example.com");
  return browser;
}

describe("joining", () => {
  test("takes a mail and a press of a button; opening the link changes nothing", async () => {
    expect((await join("Ann@Example.com")).body).toEqual({ ok: true });
    const [confirm = ""] = await linksTo("ann@example.com");
    const page = await fetch(confirm);
    expect(page.status).toBe(200);
    expect(await page.text()).toContain('<form method="post"');
    expect(page.headers.get("content-security-policy")).toContain("default-src 'none'");
    expect(await entryOf("ann@example.com")).toMatchObject({ state: "pending" });
    for (let times = 0; times < 2; times += 1) expect((await post(confirm)).status).toBe(200);
    expect(await entryOf("ann@example.com")).toMatchObject({ state: "confirmed" });
  });

  test("works from a form without JavaScript, whose page has no referrer and so an opaque origin", async () => {
    const headers = { origin: "null", "sec-fetch-site": "same-origin", "sec-fetch-dest": "document" };
    const answer = await post(`${api.origin}/api/waitlist`, headers, "email=ann%40example.com&website=");
    expect(answer.status).toBe(202);
    expect(answer.headers.get("content-type")).toContain("text/html");
    expect(await answer.text()).toContain("Please look into your mail");
    expect(await entryOf("ann@example.com")).not.toBeNull();
  });

  test("answers the same for every address, known or not", async () => {
    await joinAndConfirm("known@example.com");
    await join("pending@example.com");
    const answers = [];
    for (const email of ["known@example.com", "pending@example.com", "new@example.com"])
      answers.push(await join(email));
    const seen = answers.map(({ status, body, headers }) => ({
      status,
      body,
      headers: [...headers].filter(([name]) => name !== "date" && !name.includes("request-id")),
    }));
    expect(seen[1]).toEqual(seen[0]);
    expect(seen[2]).toEqual(seen[0]);
  });

  test("sends one address few mails, also when it is asked for many times at once", async () => {
    await Promise.all(Array.from({ length: 8 }, () => join("ann@example.com")));
    expect(await api.db.mail.count()).toBe(1);
    for (let times = 0; times < 5; times += 1) {
      offsetMs += 10 * MINUTE_MS;
      await join("ann@example.com", {}, `203.0.113.${times + 10}`);
    }
    expect(await api.db.mail.count()).toBe(3);
  });

  test("is limited by where it comes from, and a network elsewhere goes on", async () => {
    const statuses = [];
    for (let index = 0; index < 21; index += 1) statuses.push((await join(`a${index}@example.com`)).status);
    expect(statuses.filter((status) => status === 202)).toHaveLength(20);
    expect(statuses.at(-1)).toBe(429);
    expect((await join("b@example.com", {}, "198.51.100.1")).status).toBe(202);
  });

  test("a program that fills in the hidden field is told the same, and nothing happens", async () => {
    expect((await join("bot@example.com", { website: "https://spam.example" })).body).toEqual({ ok: true });
    expect(await entryOf("bot@example.com")).toBeNull();
  });

  test.each(["nobody", "a@b.co\r\nBcc: c@d.co", '"a b"@example.com', ""])("%j is no address", async (email) => {
    expect(codeOf(await join(email))).toBe("invalid_request");
    expect(await api.db.waitlistEntry.count()).toBe(0);
  });

  test("an address that nobody confirms is forgotten with its mails", async () => {
    await joinAndConfirm("stays@example.com");
    await join("goes@example.com");
    offsetMs += 8 * DAY_MS;
    expect(await forgetUnconfirmed(api.db, new Date(Date.now() + offsetMs))).toBe(1);
    expect(await entryOf("goes@example.com")).toBeNull();
    expect(await api.db.mail.count({ where: { address: "goes@example.com" } })).toBe(0);
    expect(await entryOf("stays@example.com")).not.toBeNull();
  });
});

describe("links of mails", () => {
  test("forged, expired and of another kind do nothing", async () => {
    await join("ann@example.com");
    const entry = await entryOf("ann@example.com");
    const make = (purpose: "waitlist-confirm" | "waitlist-leave", expiresAtMs: number) =>
      makeSignedToken(api.modelKeyRing, { purpose, subject: entry?.id ?? "", expiresAtMs });
    const later = Date.now() + DAY_MS;
    const good = make("waitlist-confirm", later);
    const bad = ["x", `${good}x`, make("waitlist-confirm", Date.now() - 1), make("waitlist-leave", later)];
    for (const token of bad) {
      const url = `${api.origin}/api/waitlist/confirm?token=${encodeURIComponent(token)}`;
      expect((await fetch(url)).status).toBe(403);
      expect((await post(url)).status).toBe(403);
    }
    expect((await post(`${api.origin}/api/waitlist/leave?token=${encodeURIComponent(good)}`)).status).toBe(403);
    expect(await entryOf("ann@example.com")).toMatchObject({ state: "pending" });
  });

  test("leaving erases the address, by the button or by one click of a mail program, twice as once", async () => {
    await joinAndConfirm("ann@example.com");
    const mail = await smtp.mailsTo("ann@example.com")[0]?.parsed;
    const header = (name: string) => mail?.headers.find(({ key }) => key === name)?.value ?? "";
    expect(header("list-unsubscribe-post")).toBe("List-Unsubscribe=One-Click");
    const leave = header("list-unsubscribe").replaceAll(/\s|[<>]/g, "");
    expect((await fetch(leave)).status).toBe(200);
    expect(await entryOf("ann@example.com")).not.toBeNull();
    for (let times = 0; times < 2; times += 1)
      expect((await post(leave, {}, "List-Unsubscribe=One-Click")).status).toBe(200);
    expect(await entryOf("ann@example.com")).toBeNull();
    const everything = JSON.stringify(
      [await api.db.mail.findMany(), await api.db.auditEvent.findMany()],
      (_key, value) => (typeof value === "bigint" ? String(value) : (value as unknown)),
    );
    expect(everything).not.toContain("ann@example.com");
  });
});

describe("inviting", () => {
  const invite = (browser: TestBrowser, count: number, promotionCode?: string) =>
    browser.call("adminInvite", { body: { count, ...(promotionCode === undefined ? {} : { promotionCode }) } });
  const letInvitationsExpire = () =>
    api.db.waitlistEntry.updateMany({ data: { inviteUntil: new Date(Date.now() - 1) } });
  const codeTo = async (email: string) => new URL((await linksTo(email))[0] ?? "").searchParams.get("invite") ?? "";

  test("goes to who waited longest, as far as the cap allows, also in two batches at once", async () => {
    for (const name of ["a", "b", "c"]) await joinAndConfirm(`${name}@example.com`);
    await join("pending@example.com");
    const boss = await operator();
    const answers = await Promise.all([invite(boss, 5), invite(boss, 5)]);
    const invited = answers.map(({ body }) => (body as { invited: number }).invited);
    expect(invited.toSorted((a, b) => a - b)).toEqual([0, 2]);
    const view = (await boss.call("adminWaitlist")).body as WaitlistView;
    expect(view).toEqual({ pending: 1, confirmed: 1, invited: 2, joined: 0, cap: 2, room: 0 });
    expect(await entryOf("c@example.com")).toMatchObject({ state: "confirmed" });
    await letInvitationsExpire();
    expect(((await boss.call("adminWaitlist")).body as WaitlistView).room).toBe(2);
  });

  test("carries the beta price to the account that accepts it first, and to no other", async () => {
    await joinAndConfirm("ann@example.com");
    await invite(await operator(), 1, "BETA19");
    const code = await codeTo("ann@example.com");
    const ann = makeTestBrowser(api.origin);
    const annId = await ann.signIn(api.startLink(), "ann@elsewhere.example");
    const eve = makeTestBrowser(api.origin);
    const eveId = await eve.signIn(api.startLink(), "eve@example.com");
    for (let times = 0; times < 2; times += 1)
      expect((await ann.call("redeemInvite", { body: { code } })).body).toEqual({ hasBetaPrice: true });
    expect(codeOf(await eve.call("redeemInvite", { body: { code } }))).toBe("invite_invalid");
    expect(await findInvitePromotion(api.db, annId)).toBe("BETA19");
    expect(await findInvitePromotion(api.db, eveId)).toBeNull();
  });

  test("an invitation that expired is none", async () => {
    await joinAndConfirm("ann@example.com");
    await invite(await operator(), 1);
    const code = await codeTo("ann@example.com");
    await letInvitationsExpire();
    const ann = makeTestBrowser(api.origin);
    await ann.signIn(api.startLink(), "ann@example.com");
    expect(codeOf(await ann.call("redeemInvite", { body: { code } }))).toBe("invite_invalid");
  });

  test("is for operators, and so are the list, the mails and the feedback", async () => {
    const ann = makeTestBrowser(api.origin);
    await ann.signIn(api.startLink(), "ann@example.com");
    for (const name of ["adminWaitlist", "adminWaitlistCsv", "adminMails", "adminFeedback"] as const)
      expect(codeOf(await ann.call(name)), name).toBe("forbidden");
    expect(codeOf(await invite(ann, 1))).toBe("forbidden");
    expect(codeOf(await ann.call("adminRetryMail", { body: { key: "x" } }))).toBe("forbidden");
  });

  test("the list shows who has waited longest first", async () => {
    const boss = await operator();
    for (const email of ["a@example.com", "b@example.com"]) await joinAndConfirm(email);
    await join("c@example.com");
    const list = async (state: string) => (await boss.send("GET", `/api/admin/waitlist/entries?state=${state}`)).body;
    expect(await list("confirmed")).toMatchObject({
      entries: [{ email: "a@example.com" }, { email: "b@example.com", invitedAtMs: null }],
      isCut: false,
    });
    expect(await list("pending")).toMatchObject({ entries: [{ email: "c@example.com", confirmedAtMs: null }] });
    const ann = makeTestBrowser(api.origin);
    await ann.signIn(api.startLink(), "ann@example.com");
    expect(codeOf(await ann.send("GET", "/api/admin/waitlist/entries?state=confirmed"))).toBe("forbidden");
  });

  test("the list is a file that no spreadsheet runs", async () => {
    await joinAndConfirm("a@example.com");
    await api.db.waitlistEntry.create({ data: { id: "wai_1", email: '=HYPERLINK("x")@example.com' } });
    const { body } = await (await operator()).call("adminWaitlistCsv");
    const [head, ...lines] = String(body).trim().split("\r\n");
    expect(head).toBe('"email","state","asked","confirmed","invited","joined"');
    expect(lines.some((line) => line.startsWith('"a@example.com","confirmed",'))).toBe(true);
    expect(lines.some((line) => line.startsWith(`"'=HYPERLINK(""x"")@example.com"`))).toBe(true);
    expect(await api.db.auditEvent.count({ where: { action: "waitlist.exported" } })).toBe(1);
  });
});

describe("feedback", () => {
  const give = (browser: TestBrowser, text: string) =>
    browser.call("giveFeedback", { body: { kind: "idea", text, page: "/dashboard/usage" } });

  test("is kept, mailed to the operator, and limited", async () => {
    const ann = makeTestBrowser(api.origin);
    const annId = await ann.signIn(api.startLink(), "ann@example.com");
    expect((await give(ann, "More <b>figures</b>, please.")).status).toBe(204);
    const boss = await operator();
    expect((await boss.call("adminFeedback")).body).toMatchObject({
      feedback: [{ userId: annId, email: "ann@example.com", kind: "idea", text: "More <b>figures</b>, please." }],
    });
    await api.mail.runOnce();
    const mail = await smtp.mailsTo("operator@automna.test")[0]?.parsed;
    expect(mail?.text).toContain("More <b>figures</b>, please.");
    expect(mail?.html).toContain("More &#60;b&#62;figures");
    const statuses = [];
    for (let index = 0; index < 10; index += 1) statuses.push((await give(ann, `Again ${index}`)).status);
    expect(statuses.at(-1)).toBe(429);
    expect((await give(boss, "Mine")).status).toBe(204);
  });

  test("that is empty, too long or from a strange page is refused", async () => {
    const ann = makeTestBrowser(api.origin);
    await ann.signIn(api.startLink(), "ann@example.com");
    expect(codeOf(await give(ann, "  "))).toBe("invalid_request");
    expect(codeOf(await give(ann, "x".repeat(4_001)))).toBe("invalid_request");
    const body = { kind: "idea", text: "Words", page: "https://evil.example/" };
    expect(codeOf(await ann.call("giveFeedback", { body }))).toBe("invalid_request");
    expect(await api.db.feedback.count()).toBe(0);
  });
});

test("an operator sees which mails did not go out, not what is in them, and tries one again", async () => {
  const boss = await operator();
  smtp.setFault("ann@example.com", { kind: "refuse", code: 550 });
  await join("ann@example.com");
  await api.mail.runOnce();
  const list = await boss.send("GET", "/api/admin/mails?state=given_up");
  expect(list.body).toMatchObject({ mails: [{ template: "waitlist-confirm", error: "EENVELOPE 550" }] });
  expect(JSON.stringify(list.body)).not.toContain("ann@example.com");
  const key = (list.body as { mails: { key: string }[] }).mails[0]?.key ?? "";
  smtp.setFault("ann@example.com", null);
  expect((await boss.call("adminRetryMail", { body: { key } })).status).toBe(204);
  expect((await boss.call("adminRetryMail", { body: { key } })).status).toBe(404);
  await api.mail.runOnce();
  expect(smtp.mailsTo("ann@example.com")).toHaveLength(1);
});
