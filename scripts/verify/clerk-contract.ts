import { openContract } from "@automna/testkit/contract";
import { clerkRoutes } from "@automna/testkit/fakes/clerk/clerk-routes";
import {
  CLERK_DESCRIPTIONS,
  startFakeClerk,
  type ClerkExchange,
  type FakeClerk,
} from "@automna/testkit/fakes/clerk/fake-clerk";
import { makeSessionVerifier } from "@automna/service-kit/session-verifier";
import { openClerk } from "../../api/src/identity/clerk/open-clerk.ts";
import type { Scenario, ScenarioContext } from "./harness/scenario.ts";
import { tellLies } from "./steps/broken-answers.ts";

export const scenario: Scenario = {
  name: "clerk-contract",
  title: "the stand-in for Clerk hears and says what Clerk's own description allows, and the check notices lies",
  needsSpec: CLERK_DESCRIPTIONS,
  run,
};

async function run(ctx: ScenarioContext): Promise<void> {
  const exchanges = new Map<string, ClerkExchange>();
  const fake = await startFakeClerk({
    random: ctx.random.number,
    origin: "http://localhost:4600",
    onExchange: (exchange) => exchanges.has(exchange.route) || exchanges.set(exchange.route, exchange),
  });
  ctx.onCleanup("close the stand-in", () => fake.close());
  ctx.must(fake.contract.isChecked, `Clerk's description (${CLERK_DESCRIPTIONS.join(" or ")}) is on this machine`);

  await liveWholeLife(ctx, fake);
  const { violations } = fake.contract;
  ctx.figure("calls of the real SDK", fake.calls().length, "calls");
  ctx.figure("violations", violations.length, "violations");
  ctx.hold(violations.length === 0, "no call, no answer and no event broke the description", violations.slice(0, 5));
  const untried = Object.keys(clerkRoutes).filter((route) => !exchanges.has(route));
  ctx.hold(
    untried.length === 0,
    `all ${Object.keys(clerkRoutes).length} operations of the stand-in were used`,
    untried,
  );
  tellLies(
    ctx,
    await openContract({ vendor: "Clerk", files: CLERK_DESCRIPTIONS }),
    [...exchanges.values()].map(firstOfList),
    {
      "POST /sessions/:id/tokens: a field is missing": "none of a token's fields is required",
      "GET /jwks: a field is missing": "the list of keys is not required",
      "DELETE /users/:id: an object is of another kind": "a deleted object may be of any kind",
    },
  );
  await sayWrongThings(ctx);
}

/** Everything that the platform and its tests do with Clerk, by the real SDK. */
async function liveWholeLife(ctx: ScenarioContext, fake: FakeClerk): Promise<void> {
  const clerk = openClerk(fake);
  const ann = await clerk.users.createUser({ emailAddress: ["ann@example.com"], firstName: "Ann" });
  await clerk.users.getUser(ann.id);
  await clerk.users.getUserList({ emailAddress: ["ann@example.com"] });
  await clerk.users.getCount();
  await clerk.users.updateUser(ann.id, { lastName: "Example" });
  const { token: customerToken } = fake.signIn(ann.id);
  await clerk.users.updateUserMetadata(ann.id, { publicMetadata: { role: "operator" } });

  const { sessionId } = fake.signIn(ann.id);
  await clerk.sessions.getSession(sessionId);
  const { jwt } = await clerk.sessions.getToken(sessionId);
  const verifier = makeSessionVerifier({
    jwtKey: fake.jwtKey,
    issuer: fake.issuer,
    authorizedParties: ["http://localhost:4600"],
    now: Date.now,
  });
  ctx.hold(
    (await verifier.verify(jwt)).sub === ann.id,
    "a session token of the stand-in passes the platform's own verifier",
  );
  ctx.hold(
    (await verifier.verify(jwt)).role === "operator" && (await verifier.verify(customerToken)).role === "customer",
    "whose public metadata at Clerk say so is an operator, and nobody else",
  );
  const { keys } = await clerk.jwks.getJwks();
  ctx.hold(keys?.length === 1, "and its public key is published");
  await clerk.sessions.createSession({ userId: ann.id });
  await clerk.sessions.revokeSession(sessionId);
  await clerk.sessions.getSessionList({ userId: ann.id });
  await clerk.users.banUser(ann.id);
  await clerk.users.unbanUser(ann.id);
  await clerk.users.deleteUser(ann.id);
  const gone = await clerk.users.getUser(ann.id).then(
    () => null,
    (error: unknown) => (error instanceof Error && "status" in error ? error.status : null),
  );
  ctx.hold(gone === 404, "a deleted user is not there, in the SDK's own words", gone);
}

/** Lists are broken by breaking what is in them; an empty one would prove nothing. */
function firstOfList(exchange: ClerkExchange): ClerkExchange {
  const { answer } = exchange;
  if (!Array.isArray(answer.body)) return exchange;
  const [first]: unknown[] = answer.body;
  const path = exchange.route === "GET /users" ? "/users/user_1" : "/sessions/sess_1";
  return { ...exchange, request: { ...exchange.request, path }, answer: { status: 200, body: first } };
}

/** The same over the wire: wrong calls of a client, and a stand-in that answers nonsense. */
async function sayWrongThings(ctx: ScenarioContext): Promise<void> {
  const liar = await startFakeClerk({ spoil: (_, body) => ({ ...(body as object), object: "surprise" }) });
  ctx.onCleanup("close the liar", () => liar.close().catch(() => undefined)); // which says that the description was broken
  const send = (method: string, path: string, body?: object) =>
    fetch(`${liar.url}/v1${path}`, {
      method,
      headers: { authorization: `Bearer ${liar.secretKey}`, "content-type": "application/json" },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
  const grows = async (what: string, act: () => Promise<unknown>) => {
    const before = liar.contract.violations.length;
    await act();
    ctx.hold(liar.contract.violations.length > before, `${what} is noticed`);
  };
  const { id } = liar.signUp("bob@example.com");
  await grows("an answer that was spoiled on the wire", () => send("GET", `/users/${id}`));
  await grows("an unknown field of a call", () =>
    send("POST", "/users", { email_address: ["a@example.com"], emial: "b" }),
  );
  await grows("a wrong type in a call", () => send("POST", "/users", { email_address: "a@example.com" }));
  await grows("an address that Clerk does not have", () => send("GET", "/user"));
}
