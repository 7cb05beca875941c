import { mkdtemp, readdir, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { HOUR_MS, DAY_MS } from "@automna/core/shared/clock";
import { createPrismaClient } from "@automna/prisma/client";
import { markUserDeleted } from "@automna/records/clerk-users";
import { chargeCredits, renewCredits } from "@automna/records/credits/credits";
import { warnOfUsedCredits } from "@automna/records/credits/warnings";
import { claimDueMails, enqueueMail, markMailDone, retryMail } from "@automna/records/mails";
import { makeSilentLog } from "@automna/service-kit/log";
import { startFakeSmtp, type FakeSmtp } from "@automna/testkit/fakes/smtp";
import { createTestDatabase, type TestDatabase } from "@automna/testkit/postgres";
import { afterEach, beforeEach, expect, test } from "vitest";
import { startTestApi, type TestApi } from "../testing/start-test-api.ts";
import { makeTestBrowser } from "../testing/test-browser.ts";
import { mailCreditWarnings } from "../credits/mail-credit-warnings.ts";
import { makeCapturedMail } from "./captured-mail.ts";
import { makeSmtpMail } from "./smtp-mail.ts";

let database: TestDatabase;
let smtp: FakeSmtp;
let api: TestApi;
let offsetMs: number;

beforeEach(async () => {
  offsetMs = 0;
  database = await createTestDatabase();
  smtp = await startFakeSmtp();
  api = await startTestApi({
    databaseUrl: database.urlAs("automna_api"),
    smtpUrl: smtp.url,
    clockOffsetMs: () => offsetMs,
  });
});
afterEach(async () => {
  await api.close();
  await smtp.close();
  await database.drop();
});

const signUp = (email: string) => makeTestBrowser(api.origin).signIn(api.startLink(), email);
const readMail = (key: string) => api.db.mail.findUnique({ where: { key } });
const parsedTo = (address: string) => Promise.all(smtp.mailsTo(address).map(({ parsed }) => parsed));
const enqueueTo = (address: string, key = address) =>
  enqueueMail(api.db, { key, template: "waitlist-confirm", to: { address }, data: { entryId: "wai_1" } });

test("who signs up is welcomed once, in text and HTML, and nothing of it is kept", async () => {
  const userId = await signUp("ann@example.com");
  await signUp("ann@example.com");
  expect(await api.mail.runOnce()).toBe(1);
  expect(await api.mail.runOnce()).toBe(0);
  expect(smtp.mailsTo("ann@example.com")).toMatchObject([{ from: "hello@automna.test" }]);
  const [mail] = await parsedTo("ann@example.com");
  expect(mail).toMatchObject({ subject: "Welcome to Automna", from: { address: "hello@automna.test" } });
  expect(mail?.text).toContain(`${api.origin}/dashboard`);
  expect(mail?.html).toContain(`href="${api.origin}/dashboard"`);
  expect(await readMail(`welcome/${userId}`)).toMatchObject({ state: "sent", data: {}, address: null });
});

test("a mail exists if and only if its cause does", async () => {
  const userId = await signUp("ann@example.com");
  const cause = api.db.$transaction(async (tx) => {
    await enqueueMail(tx, { key: "k", template: "restored", to: { userId }, data: {} });
    throw new Error("the cause did not happen");
  });
  await expect(cause).rejects.toThrow("did not happen");
  expect(await readMail("k")).toBeNull();
});

test("a hostile name is one header of one mail to one address", async () => {
  const userId = await signUp("ann@example.com");
  await api.db.user.update({
    where: { id: userId },
    data: { name: 'Ann"\r\nBcc: victim@example.com\r\n\r\nHello <victim@example.com>' },
  });
  await api.mail.runOnce();
  expect(smtp.mails).toHaveLength(1);
  expect(smtp.mails[0]?.to).toEqual(["ann@example.com"]);
  const [mail] = await parsedTo("ann@example.com");
  expect(mail?.to?.map(({ address }) => address)).toEqual(["ann@example.com"]);
  expect(mail?.bcc).toBeUndefined();
  expect(smtp.mails[0]?.raw).not.toMatch(/^bcc:/im);
});

test("a hostile address gets nothing, and neither does anybody else", async () => {
  await enqueueTo("ann@example.com\r\nRCPT TO:<victim@example.com>", "hostile");
  expect(await api.mail.runOnce()).toBe(0);
  expect(smtp.mails).toEqual([]);
  expect(await readMail("hostile")).toMatchObject({ state: "given_up" });
});

test("a server that is down, slow or says not now delays a mail and loses none", async () => {
  await enqueueTo("ann@example.com");
  for (const fault of [{ kind: "refuse", code: 451 }, { kind: "hang" }] as const) {
    smtp.setFault("ann@example.com", fault);
    expect(await api.mail.runOnce()).toBe(0);
    expect(await readMail("ann@example.com")).toMatchObject({ state: "waiting" });
    expect(await api.mail.runOnce()).toBe(0);
    offsetMs += HOUR_MS;
  }
  smtp.setFault("ann@example.com", null);
  expect(await api.mail.runOnce()).toBe(1);
  expect(smtp.mailsTo("ann@example.com")).toHaveLength(1);
  expect(await readMail("ann@example.com")).toMatchObject({ state: "sent", attempts: 3 });
});

test("a bounce ends one mail with an audit event and holds up no other; it can be sent again", async () => {
  smtp.setFault("gone@example.com", { kind: "refuse", code: 550 });
  await enqueueTo("gone@example.com");
  for (let index = 0; index < 5; index += 1) await enqueueTo(`ann${index}@example.com`);
  expect(await api.mail.runOnce()).toBe(5);
  expect(await readMail("gone@example.com")).toMatchObject({ state: "given_up", error: "EENVELOPE 550", attempts: 1 });
  expect(await api.db.auditEvent.findMany({ where: { action: "mail.given_up" } })).toMatchObject([
    { subject: "gone@example.com", data: { template: "waitlist-confirm", error: "EENVELOPE 550" } },
  ]);
  smtp.setFault("gone@example.com", null);
  expect(await retryMail(api.db, "gone@example.com", new Date())).toBe(true);
  expect(await retryMail(api.db, "gone@example.com", new Date())).toBe(false);
  expect(await api.mail.runOnce()).toBe(1);
});

test("what is never taken is given up after the last try, with one audit event", async () => {
  smtp.setFault("*", { kind: "refuse", code: 451 });
  await enqueueTo("ann@example.com");
  for (let tries = 0; tries < 12; tries += 1) {
    await api.mail.runOnce();
    offsetMs += 2 * DAY_MS;
  }
  expect(await readMail("ann@example.com")).toMatchObject({ state: "given_up", attempts: 9 });
  expect(await api.db.auditEvent.count({ where: { action: "mail.given_up" } })).toBe(1);
});

test("a mail whose answer was lost comes again under the same id", async () => {
  smtp.setFault("ann@example.com", { kind: "drop" });
  await enqueueTo("ann@example.com");
  expect(await api.mail.runOnce()).toBe(0);
  smtp.setFault("ann@example.com", null);
  offsetMs += HOUR_MS;
  expect(await api.mail.runOnce()).toBe(1);
  const ids = (await parsedTo("ann@example.com")).map(({ messageId }) => messageId);
  expect(ids).toHaveLength(2);
  expect(new Set(ids).size).toBe(1);
});

test("a worker that dies in the middle leaves the mail to the next one", async () => {
  await enqueueTo("ann@example.com");
  expect(await claimDueMails(api.db, { now: new Date(), limit: 10, leaseMs: HOUR_MS })).toHaveLength(1);
  expect(await api.mail.runOnce()).toBe(0);
  offsetMs += 2 * HOUR_MS;
  expect(await api.mail.runOnce()).toBe(1);
});

test("two workers at once send each mail once", async () => {
  for (let index = 0; index < 30; index += 1) await enqueueTo(`ann${index}@example.com`);
  const claim = () => claimDueMails(api.db, { now: new Date(), limit: 20, leaseMs: HOUR_MS });
  const claimed = (await Promise.all([claim(), claim(), claim()])).flat();
  expect(claimed).toHaveLength(30);
  expect(new Set(claimed.map(({ key }) => key)).size).toBe(30);
});

test("a deleted account gets no mail, and one whose address is not known yet gets it later", async () => {
  const userId = await signUp("ann@example.com");
  await api.mail.runOnce();
  await api.db.user.update({ where: { id: userId }, data: { email: `${userId}@clerk.invalid` } });
  await enqueueMail(api.db, { key: "live", template: "agent-live", to: { userId }, data: { agentName: "Ada" } });
  await api.mail.runOnce();
  expect(await readMail("live")).toMatchObject({ state: "waiting", error: "AddressUnknown" });
  await api.db.user.update({ where: { id: userId }, data: { email: "ann@example.com" } });
  offsetMs += HOUR_MS;
  expect(await api.mail.runOnce()).toBe(1);

  await enqueueMail(api.db, { key: "late", template: "restored", to: { userId }, data: {} });
  await api.db.$transaction((tx) => markUserDeleted(tx, userId, new Date()));
  expect(await api.mail.runOnce()).toBe(0);
  expect(await readMail("late")).toMatchObject({ state: "given_up" });
});

test("credits that run out are told at 80 % and at 100 %, once a month each", async () => {
  const userId = await signUp("ann@example.com");
  const at = Date.now();
  const month = (index: number) => ({ periodStartMs: at + index * DAY_MS, periodEndMs: at + (index + 1) * DAY_MS });
  const spend = (key: string, credits: number) =>
    chargeCredits(api.pool, { userId, key, credits, resource: "email" }, at);
  /** As two sweeps at once do it; the numbers of mails that are new. */
  const sweep = async () => {
    const before = await api.db.mail.count();
    await warnOfUsedCredits(api.pool, at);
    await Promise.all([mailCreditWarnings(api, at), mailCreditWarnings(api, at)]);
    return (await api.db.mail.count()) - before;
  };
  await renewCredits(api.pool, { userId, key: "", credits: 100, ...month(0) }, at);
  await spend("a", 79);
  expect(await sweep()).toBe(0);
  await spend("b", 1);
  expect(await sweep()).toBe(1);
  await spend("c", 20);
  expect(await sweep()).toBe(1);
  expect(await sweep()).toBe(0);
  await api.mail.runOnce();
  const subjects = (await parsedTo("ann@example.com")).map(({ subject }) => subject);
  expect(new Set(subjects)).toEqual(
    new Set(["80 % of your credits are used", "Welcome to Automna", "Your credits are used up"]),
  );

  await renewCredits(api.pool, { userId, key: "", credits: 100, ...month(1) }, at + DAY_MS);
  expect(await sweep()).toBe(0);
  await spend("d", 100);
  expect(await sweep()).toBe(1);
});

test("without a mail server a mail lies in the folder, whole and closed, and the log says so", async () => {
  const folder = await mkdtemp(join(tmpdir(), "automna-mail-test-"));
  try {
    const log = makeSilentLog();
    const lines: string[] = [];
    log.info = ((_facts: unknown, line: string) => void lines.push(line)) as typeof log.info;
    const port = makeCapturedMail({ folder: join(folder, "mail"), log });
    const mail = {
      to: { name: "Ann", address: "ann@example.com" },
      subject: "Hello",
      text: "words",
      html: "<p>words</p>",
      messageId: "<1@localhost>",
      unsubscribeUrl: null,
    };
    await port.send(mail);
    await port.send(mail);
    const files = await readdir(join(folder, "mail"));
    expect(files).toHaveLength(1);
    expect(await readFile(join(folder, "mail", files[0] ?? ""), "utf8")).toContain("Subject: Hello");
    expect(lines).toEqual(Array(2).fill("mail not sent: no SMTP server configured"));
    port.close();
  } finally {
    await rm(folder, { recursive: true });
  }
});

test("a server elsewhere that offers no encryption gets nothing", async () => {
  const port = makeSmtpMail({
    url: smtp.url.replace("127.0.0.1", "0.0.0.0"),
    from: { name: "Automna", address: "hello@automna.test" },
    silenceTimeoutMs: 2_000,
  });
  const mail = { to: { name: "", address: "ann@example.com" }, subject: "x", text: "x", html: "x" };
  await expect(port.send({ ...mail, messageId: "<1@x>", unsubscribeUrl: null })).rejects.toThrow(/TLS|STARTTLS/i);
  expect(smtp.mails).toEqual([]);
  port.close();
});

test("the provisioner can say that an agent is live, and read no mail", async () => {
  await using provisioner = await openAs("automna_provisioner");
  const userId = await signUp("ann@example.com");
  const mail = { key: "live", template: "agent-live", to: { userId }, data: { agentName: "Ada" } } as const;
  await enqueueMail(provisioner.db, mail);
  await enqueueMail(provisioner.db, mail);
  await expect(provisioner.db.mail.findMany()).rejects.toThrow(/permission denied/);
  await expect(markMailDone(provisioner.db, "live", "sent", new Date())).rejects.toThrow(/permission denied/);
  expect(await api.db.mail.count({ where: { key: "live" } })).toBe(1);
});

async function openAs(role: "automna_provisioner") {
  const db = createPrismaClient(database.urlAs(role), { max: 1 });
  return { db, [Symbol.asyncDispose]: () => db.$disconnect() };
}
