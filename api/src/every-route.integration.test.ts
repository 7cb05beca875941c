import { apiKeyScopes } from "@automna/core/api-keys/api-key-state";
import { createdApiKeySchema } from "@automna/contract/api-keys";
import { apiRoutes, type ApiRoute } from "@automna/contract/api-routes";
import { agentAnswerSchema } from "@automna/contract/agents";
import { createTestDatabase, type TestDatabase } from "@automna/testkit/postgres";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { listRoutes } from "./app.ts";
import { needsSession } from "./http/mount-routes.ts";
import { startTestApi, type TestApi } from "./testing/start-test-api.ts";
import { codeOf, fillPath, makeTestBrowser, type TestAnswer, type TestBrowser } from "./testing/test-browser.ts";

let database: TestDatabase;
let api: TestApi;
let owner: TestBrowser;
let agentId: string;
beforeAll(async () => {
  database = await createTestDatabase();
  api = await startTestApi({ databaseUrl: database.urlAs("automna_api") });
  owner = makeTestBrowser(api.origin);
  await owner.signIn(api.startLink(), "owner@example.com");
  agentId = agentAnswerSchema.parse(
    (await owner.call("deployAgent", { body: { name: "Ada", modelSource: "demo" } })).body,
  ).agent.id;
});
afterAll(async () => {
  await api.close();
  await database.drop();
});

const isPrivate = ({ method, path }: { method: string; path: string }) =>
  Object.values<ApiRoute>(apiRoutes).some(
    (route) => route.path === path && route.method === method && needsSession(route),
  );

/** Anything for whatever else a path names: who is refused is refused before it is looked at. */
const withOthers = (known: Record<string, string>) =>
  new Proxy(known, { get: (ids, name) => ids[String(name)] ?? "x" });

/** Every private route of the router itself, sent with these headers. */
async function sendToEveryRoute(headers: Record<string, string>): Promise<Map<string, TestAnswer>> {
  const answers = new Map<string, TestAnswer>();
  for (const { method, path } of listRoutes(api.app).filter(isPrivate)) {
    const body = ["put", "post"].includes(method) && !path.includes(":") ? { body: {} } : {};
    const nobody = makeTestBrowser(api.origin);
    answers.set(
      `${method} ${path}`,
      await nobody.send(method.toUpperCase(), fillPath(path, withOthers({ agentId, name: "shop" })), {
        ...body,
        headers,
      }),
    );
  }
  return answers;
}

describe("every private route refuses", () => {
  const good = () => owner.cookies.get("__session") ?? "";
  const changed = () => good().replace(/.(?=[^.]*$)/, (letter) => (letter === "A" ? "B" : "A"));
  const expired = () => api.issuer.sign({ origin: api.origin }, Date.now() - 3_600_000);
  const cases: [string, string, () => Record<string, string>][] = [
    ["nobody", "not_signed_in", () => ({})],
    ["an expired token", "session_expired", () => ({ cookie: `__session=${expired()}` })],
    ["a changed token", "not_signed_in", () => ({ authorization: `Bearer ${changed()}` })],
    ["two session cookies", "not_signed_in", () => ({ cookie: `__session=${good()}; __session=${good()}` })],
    [
      "a good cookie from another origin",
      "wrong_origin",
      () => ({ cookie: `__session=${good()}`, origin: "http://127.0.0.1:1" }),
    ],
    [
      "a good cookie from the same site but another origin",
      "wrong_origin",
      () => ({ cookie: `__session=${good()}`, "sec-fetch-site": "same-site" }),
    ],
    [
      "a good cookie through a tunnel",
      "local_identity_refused",
      () => ({ cookie: `__session=${good()}`, "x-forwarded-for": "1.2.3.4" }),
    ],
  ];
  test.each(cases)("%s", async (_who, code, headers) => {
    const answers = await sendToEveryRoute(headers());
    expect(answers.size).toBeGreaterThan(9);
    for (const [route, answer] of answers) expect(codeOf(answer), route).toBe(code);
    expect(await api.db.agent.findUnique({ where: { id: agentId } })).toMatchObject({ desired: "running" });
  });
});

describe("every route asks a key for exactly the scope that the contract names", () => {
  const routeOf = (title: string) =>
    Object.values<ApiRoute>(apiRoutes).find(({ method, path }) => `${method} ${path}` === title);

  test.each([...apiKeyScopes.map((scope) => [scope]), [...apiKeyScopes]])("a key of %s", async (...scopes) => {
    const made = await owner.call("createApiKey", { body: { name: "robot", scopes, expiresInDays: null } });
    const { secret } = createdApiKeySchema.parse(made.body);
    const answers = await sendToEveryRoute({ authorization: `Bearer ${secret}` });
    for (const [title, answer] of answers) {
      const keyScope = routeOf(title)?.keyScope;
      if (keyScope === undefined) expect(codeOf(answer), title).toBe("api_key_not_accepted");
      else if (!scopes.includes(keyScope)) expect(codeOf(answer), title).toBe("api_key_scope_missing");
      else expect(answer.status, `${title} ${String(codeOf(answer))}`).toBeLessThan(410);
    }
  });
});

test("what is for operators is refused to a customer, and only the role stands between", async () => {
  const forOperators = Object.values<ApiRoute>(apiRoutes).filter(({ access }) => access === "operator");
  expect(forOperators.length).toBeGreaterThan(6);
  for (const { method, path } of forOperators) {
    const filled = fillPath(path, {
      userId: "user_00000000000000000000",
      nodeId: "node-1",
      waveId: "wav_00000000000000000000",
    });
    const answer = await owner.send(method.toUpperCase(), filled, method === "post" ? { body: {} } : {});
    expect(codeOf(answer), path).toBe("forbidden");
  }
  const unsafe = await startTestApi({
    databaseUrl: database.urlAs("automna_api"),
    guards: { checkOperator: () => undefined },
  });
  try {
    const customer = makeTestBrowser(unsafe.origin);
    await customer.signIn(unsafe.startLink(), "customer@example.com");
    expect((await customer.send("GET", "/api/admin/customers?q=owner")).status).toBe(200);
  } finally {
    await unsafe.close();
  }
});

test("each guard is what refuses: with it switched off the same attack works", async () => {
  const unsafe = await startTestApi({
    databaseUrl: database.urlAs("automna_api"),
    guards: { checkOrigin: () => undefined, checkOwnership: (_userId, agent) => agent ?? expect.unreachable() },
  });
  try {
    const stranger = makeTestBrowser(unsafe.origin);
    await stranger.signIn(unsafe.startLink(), "stranger@example.com");
    const answer = await stranger.call("getAgent", {
      params: { agentId },
      headers: { origin: "https://evil.example" },
    });
    expect(agentAnswerSchema.parse(answer.body).agent.id).toBe(agentId);
  } finally {
    await unsafe.close();
  }
});
