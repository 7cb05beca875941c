import { randomUUID } from "node:crypto";
import {
  actedSchema,
  customerAuditSchema,
  customerViewSchema,
  foundCustomersSchema,
  supportAccessSchema,
  type ActOnCustomer,
  type CustomerView,
} from "@automna/contract/admin";
import { agentAnswerSchema } from "@automna/contract/agents";
import { creditsViewSchema } from "@automna/contract/credits";
import { HOUR_MS } from "@automna/core/shared/clock";
import type { OperatorAction } from "@automna/core/operators/operator-action";
import { putClerkUser } from "@automna/records/clerk-users";
import { makePool } from "@automna/records/pool";
import { createTestDatabase, type TestDatabase } from "@automna/testkit/postgres";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { startTestApi, type TestApi } from "../testing/start-test-api.ts";
import { codeOf, makeTestBrowser, type TestAnswer, type TestBrowser } from "../testing/test-browser.ts";
import { actOnCustomer } from "./act-on-customer.ts";
import { findSupport } from "./support-records.ts";

let database: TestDatabase;
let api: TestApi;
let operator: TestBrowser;
let operatorId: string;
let customer: TestBrowser;
let userId: string;
let people = 0;

beforeAll(async () => {
  database = await createTestDatabase();
  api = await startTestApi({ databaseUrl: database.urlAs("automna_api") });
  operator = makeTestBrowser(api.origin);
  operatorId = await operator.signIn(api.startLink(), "operator@example.com");
});
afterAll(async () => {
  await api.close();
  await database.drop();
});
beforeEach(async () => {
  people += 1;
  customer = makeTestBrowser(api.origin);
  userId = await customer.signIn(api.startLink(), `person${people}@example.com`);
});

const intent = (action: OperatorAction, key: string = randomUUID()): ActOnCustomer => ({
  key,
  reason: "asked for by mail",
  action,
});
const act = (body: ActOnCustomer, as = operator, on = userId): Promise<TestAnswer> =>
  as.call("actOnCustomer", { params: { userId: on }, body });
const view = async (): Promise<CustomerView> =>
  customerViewSchema.parse((await operator.call("getCustomer", { params: { userId } })).body);
const auditOf = async () =>
  customerAuditSchema.parse((await operator.call("getCustomerAudit", { params: { userId } })).body).entries;
const find = async (q: string) =>
  foundCustomersSchema
    .parse((await operator.send("GET", `/api/admin/customers?q=${encodeURIComponent(q)}`)).body)
    .customers.map((found) => found.userId);
const deploy = async () =>
  agentAnswerSchema.parse((await customer.call("deployAgent", { body: { name: "Ada", modelSource: "demo" } })).body)
    .agent.id;

describe("a customer is found", () => {
  test("by a part of the e-mail address, by their ids, by their agent's and by Stripe's", async () => {
    const agentId = await deploy();
    await api.db.billingCustomer.create({ data: { userId, customerId: `cus_${people}` } });
    for (const q of [`PERSON${people}@`, userId, agentId, `cus_${people}`]) expect(await find(q), q).toContain(userId);
  });

  test("and not by signs that mean anything to the database", async () => {
    for (const q of ["%%", "__", "' OR 1=1 --"]) expect(await find(q), q).toEqual([]);
  });

  test("and a stranger to the platform is not there", async () => {
    const nobody = { params: { userId: "user_00000000000000000000" } };
    expect(codeOf(await operator.call("getCustomer", nobody))).toBe("customer_not_found");
    expect(codeOf(await act(intent({ type: "suspend" }), operator, nobody.params.userId))).toBe("customer_not_found");
  });
});

describe("granting credits", () => {
  test("happens once for each key, however often and however many at a time", async () => {
    const body = intent({ type: "grant_credits", credits: 500, expiresInDays: 30 });
    const answers = await Promise.all([act(body), act(body), act(body)]);
    for (const { status, body: answered } of answers) expect(status, JSON.stringify(answered)).toBe(200);
    expect(actedSchema.parse((await act(body)).body)).toMatchObject({ isRepeat: true, after: { granted: 500 } });
    expect((await view()).credits.available).toBe(500);
    const [entry] = await auditOf();
    expect(entry).toMatchObject({
      action: "grant_credits",
      actorId: operatorId,
      isOperator: true,
      reason: "asked for by mail",
      before: { available: 0 },
      after: { available: 500 },
    });
  });

  test("the customer sees it on the statement", async () => {
    await customer.call("getCredits");
    const { remaining } = creditsViewSchema.parse((await customer.call("getCredits")).body);
    await act(intent({ type: "grant_credits", credits: 7, expiresInDays: null }));
    expect(creditsViewSchema.parse((await customer.call("getCredits")).body).remaining).toBe(remaining + 7);
  });

  test("is refused to oneself, above the bound, without a reason, and as a customer", async () => {
    const body = intent({ type: "grant_credits", credits: 500, expiresInDays: null });
    expect(codeOf(await act(body, operator, operatorId))).toBe("operator_self_dealing");
    expect(codeOf(await act({ ...body, reason: "  .  " }))).toBe("invalid_request");
    const much = intent({ type: "grant_credits", credits: 50_001, expiresInDays: null });
    expect(codeOf(await act(much))).toBe("invalid_request");
    expect(codeOf(await act(body, customer))).toBe("forbidden");
    expect(codeOf(await act(body, customer, operatorId))).toBe("forbidden");
    expect((await view()).credits.available).toBe(0);
  });

  test("a key that stood for something else is refused", async () => {
    const body = intent({ type: "grant_credits", credits: 500, expiresInDays: null });
    await act(body);
    expect(codeOf(await act({ ...body, action: { type: "suspend" } }))).toBe("operator_key_used");
    expect(codeOf(await act({ ...body, action: { ...body.action, credits: 5 } as never }))).toBe("operator_key_used");
  });

  test("a crash between the grant and its outcome leaves an intent that the same key finishes, without a second grant", async () => {
    const body = intent({ type: "grant_credits", credits: 500, expiresInDays: null });
    const crashing = {
      ...api,
      freeTier: "local" as const,
      stripe: null,
      hint: async () => undefined,
      now: Date.now,
      db: new Proxy(api.db, {
        get: (db, name) =>
          name === "operatorOutcome"
            ? { findUnique: async () => null, create: () => Promise.reject(new Error("crashed")) }
            : Reflect.get(db, name),
      }),
    };
    await expect(actOnCustomer(crashing, { ...body, operatorId, userId })).rejects.toThrow("crashed");
    expect((await auditOf())[0]).toMatchObject({ action: "grant_credits", after: null });
    expect((await act(body)).status).toBe(200);
    expect((await view()).credits.available).toBe(500);
    expect((await auditOf())[0]).toMatchObject({ after: { granted: 500 } });
  });
});

describe("suspending", () => {
  test("keeps the customer out at once, and taking it back lets them in again", async () => {
    await act(intent({ type: "suspend" }));
    expect(codeOf(await customer.call("me"))).toBe("forbidden");
    expect((await view()).suspension).toMatchObject({ reason: "asked for by mail", operatorId });
    await act(intent({ type: "unsuspend" }));
    expect((await customer.call("me")).status).toBe(200);
  });

  test("outlasts what the identity provider says of the customer", async () => {
    await act(intent({ type: "suspend" }));
    const profile = { userId, email: `person${people}@example.com`, name: "", isBanned: false };
    await api.db.$transaction((tx) => putClerkUser(tx, profile));
    expect((await view()).user.state).toBe("suspended");
  });

  test("of oneself is refused: who did it could not take it back", async () => {
    expect(codeOf(await act(intent({ type: "suspend" }), operator, operatorId))).toBe("operator_self_dealing");
  });
});

describe("an agent", () => {
  test("is restarted once for each key, and the provisioner hears of it", async () => {
    const agentId = await deploy();
    await api.db.agent.update({ where: { id: agentId }, data: { phase: "ready" } });
    const body = intent({ type: "restart_agent", agentId });
    await Promise.all([act(body), act(body)]);
    await act(body);
    expect(await api.db.agent.findUnique({ where: { id: agentId } })).toMatchObject({ generation: 2 });
    expect(api.hints).toContain(agentId);
  });

  test("of another customer is not there", async () => {
    const agentId = await deploy();
    const stranger = makeTestBrowser(api.origin);
    const strangerId = await stranger.signIn(api.startLink(), `stranger${people}@example.com`);
    expect(codeOf(await act(intent({ type: "stop_agent", agentId }), operator, strangerId))).toBe("agent_not_found");
  });

  test("what can't be done now is refused, stays refused under that key, and stands in the audit", async () => {
    const agentId = await deploy();
    await api.db.agent.update({ where: { id: agentId }, data: { phase: "upgrading" } });
    const body = intent({ type: "restart_agent", agentId });
    for (let times = 0; times < 2; times += 1) expect(codeOf(await act(body))).toBe("agent_action_not_possible");
    const refused = (await auditOf()).find(({ action }) => action === "restart_agent");
    expect(refused).toMatchObject({ after: { refused: "agent_action_not_possible" } });
  });
});

describe("support access", () => {
  const access = async () => supportAccessSchema.parse((await customer.call("getSupportAccess")).body).access;

  test("is seen by the customer, told to them once, and ends by itself", async () => {
    expect(await access()).toBeNull();
    const body = intent({ type: "open_support", hours: 2 });
    await act(body);
    await act(body);
    expect(await access()).toMatchObject({ reason: "asked for by mail" });
    expect(await api.db.mail.count({ where: { userId, template: "support-access" } })).toBe(1);
    expect(await findSupport(api.db, userId, new Date(Date.now() + 1.9 * HOUR_MS))).not.toBeNull();
    expect(await findSupport(api.db, userId, new Date(Date.now() + 2 * HOUR_MS))).toBeNull();
  });

  test("ends when the customer says so, twice as well as once, and that is audited", async () => {
    await act(intent({ type: "open_support", hours: 24 }));
    for (let times = 0; times < 2; times += 1)
      expect((await customer.call("endSupportAccess")).body).toEqual({ access: null });
    expect((await view()).support).toBeNull();
    const ended = (await auditOf()).filter(({ action }) => action === "support.ended");
    expect(ended).toMatchObject([{ input: { by: "customer" } }]);
  });

  test("can't be opened for longer than a day, nor ended by anybody else", async () => {
    expect(codeOf(await act(intent({ type: "open_support", hours: 25 })))).toBe("invalid_request");
    await act(intent({ type: "open_support", hours: 1 }));
    const stranger = makeTestBrowser(api.origin);
    await stranger.signIn(api.startLink(), `stranger${people}@example.com`);
    expect((await stranger.call("endSupportAccess")).body).toEqual({ access: null });
    expect(await access()).not.toBeNull();
  });
});

test("where nothing is sold there is nothing to give or to pay back", async () => {
  expect(codeOf(await act(intent({ type: "comp_tier", tier: "max", days: 1 })))).toBe("billing_unavailable");
  const refund = intent({ type: "refund", invoiceId: "in_1", amountCents: 100 });
  expect(codeOf(await act(refund))).toBe("billing_unavailable");
  expect((await view()).sells).toBe(false);
});

test("nobody, not even the owner of the tables, changes or deletes what operators did", async () => {
  await act(intent({ type: "unsuspend" }));
  const owner = makePool(database.url, { max: 1 });
  const service = makePool(database.urlAs("automna_api"), { max: 1 });
  try {
    for (const table of ["operator_actions", "operator_outcomes"]) {
      for (const attempt of [`UPDATE ${table} SET at = now()`, `DELETE FROM ${table}`, `TRUNCATE ${table} CASCADE`]) {
        await expect(owner.query(attempt), attempt).rejects.toThrow("the audit is never changed");
        await expect(service.query(attempt), attempt).rejects.toThrow("permission denied");
      }
    }
  } finally {
    await Promise.all([owner.end(), service.end()]);
  }
});

test("an operator's role ends with their next token, not with their session", async () => {
  const session = await api.db.session.findFirstOrThrow({ where: { userId: operatorId, endedAt: null } });
  const demoted = api.issuer.sign({ origin: api.origin, userId: operatorId, sessionId: session.id }, Date.now());
  const answer = await operator.call("getCustomer", {
    params: { userId },
    headers: { cookie: `__session=${demoted}` },
  });
  expect(codeOf(answer)).toBe("forbidden");
});
