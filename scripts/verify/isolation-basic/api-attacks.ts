import { apiRoutes, type ApiRoute } from "@automna/contract/api-routes";
import { apiKeyScopes } from "@automna/core/api-keys/api-key-state";
import { SESSION_COOKIE } from "@automna/contract/identity";
import { makeApiKey } from "@automna/service-kit/api-key";
import { newAnthropicKey, startFakeAnthropic } from "@automna/testkit/fakes/anthropic";
import { needsSession } from "../../../api/src/http/mount-routes.ts";
import { makeAdmission } from "../../../api/src/identity/local/admission.ts";
import { ADMISSION_COOKIE, REFRESH_COOKIE } from "../../../api/src/identity/local/local-cookies.ts";
import { openLocalSession } from "../../../api/src/identity/local/local-sessions.ts";
import { startTestApi, type TestApi } from "../../../api/src/testing/start-test-api.ts";
import type { Guards } from "../../../api/src/identity/guards.ts";
import type { ScenarioContext } from "../harness/scenario.ts";
import { routesUnderAttack, type RouteUnderAttack } from "./api-routes.ts";
import { ask } from "./ask.ts";
import { believe, forgeries, tokenOf, type Issuer } from "./forged-tokens.ts";
import { putAgentBack, type World } from "./world.ts";

type Headers = Record<string, string>;
type FreshSession = Awaited<ReturnType<typeof openLocalSession>>;

interface ApiAttack {
  name: string;
  /** What stands in for the one guard that is switched off in the unsafe control. */
  off: Partial<Guards>;
  /** Routes that the attack makes sense on. */
  applies: (route: RouteUnderAttack) => boolean;
  /** The attacker's headers; `fresh` is a session that the victim has just opened. */
  headers: (api: TestApi, fresh: FreshSession) => Promise<Headers> | Headers;
  /** What somebody did with the same address before. */
  prepare?: (api: TestApi, path: string) => Promise<void>;
}

/** Tries every route of the api's router in every way that must not work. */
export async function attackApi(ctx: ScenarioContext, world: World): Promise<void> {
  const key = newAnthropicKey();
  const provider = await startFakeAnthropic({ keys: { [key]: "good" } });
  ctx.onCleanup("close the model provider's stand-in", () => provider.close());
  const attacks = attacksOn(world);
  for (const attack of attacks) {
    const start = (guards: Partial<Guards>) =>
      startTestApi({ databaseUrl: world.database.urlAs("automna_api"), modelProviderUrl: provider.url, guards });
    const [unsafe, safe] = [await start(attack.off), await start({})];
    ctx.onCleanup("close the apis", () => Promise.all([unsafe.close(), safe.close()]));
    const all = routesUnderAttack(safe);
    const routes = all.filter(attack.applies);
    if (attack === attacks[0]) ctx.figure("routes of the api", all.length, "routes");
    ctx.hold(routes.length > 0, `api, ${attack.name}: there are routes to try it on`);
    for (const route of routes) {
      await ctx.attack({
        name: `api, ${attack.name}: ${route.title}`,
        unsafe: () => succeeds(unsafe, { world, key, attack, route }),
        safe: () => succeeds(safe, { world, key, attack, route }),
      });
    }
  }
}

/** True when the api did as it was asked, or said that it would have at another time. */
async function succeeds(
  api: TestApi,
  { world, key, attack, route }: { world: World; key: string; attack: ApiAttack; route: RouteUnderAttack },
): Promise<boolean> {
  await putAgentBack(world.db, world.bob, route.name === "startAgent" ? "asleep" : "ready");
  const fresh = await openLocalSession(world.db, { email: "bob@example.com", name: "" }, Date.now());
  const headers = await attack.headers(api, fresh);
  const { hostname, port } = new URL(api.origin);
  const question = route.question(api, world, key);
  await attack.prepare?.(api, question.path);
  const { status } = await ask({
    port: Number(port),
    ...question,
    headers: { host: `${hostname}:${port}`, ...headers },
  });
  return status < 400 || status === 409;
}

function attacksOn({ db, alice, bob: customer }: World): ApiAttack[] {
  const bob = { ...customer, role: "operator" } as const;
  const isSignedIn = ({ route }: RouteUnderAttack) => needsSession(route);
  const isForKeys = ({ route }: RouteUnderAttack) => route.keyScope !== undefined;
  const isForOperators = ({ route }: RouteUnderAttack) => route.access === "operator";
  // Vendors' deliveries have no session and no browser: scripts/verify/webhook-attacks.ts attacks them.
  const isBrowserBusiness = ({ route }: RouteUnderAttack) => route.access !== "webhook";
  const isLocalBusiness = (attacked: RouteUnderAttack) => attacked.name !== "health" && isBrowserBusiness(attacked);
  return [
    {
      name: "the other's id",
      off: { checkOwnership: (_, agent) => agent ?? missing() },
      applies: ({ route }) => route.path.includes(":agentId"),
      headers: (api) => ({ ...ownPage(api), cookie: sessionCookie(tokenOf(issuerOf(api), alice)) }),
    },
    ...forgeries.map(({ name, make }): ApiAttack => ({
      name,
      off: { verifySession: async (token) => believe(token, bob) },
      applies: isSignedIn,
      headers: (api) => {
        const token = make(issuerOf(api), bob, alice);
        return { ...ownPage(api), ...(token === null ? {} : { cookie: sessionCookie(token) }) };
      },
    })),
    {
      name: "a session that was ended",
      off: { checkSession: async () => undefined },
      applies: isSignedIn,
      async headers(api, fresh) {
        await db.session.update({ where: { id: fresh.sessionId }, data: { endedAt: new Date() } });
        return { ...ownPage(api), cookie: sessionCookie(tokenOf(issuerOf(api), { ...fresh, role: "operator" })) };
      },
    },
    ...(Object.values<ApiRoute>(apiRoutes).some(({ access }) => access === "operator")
      ? [
          {
            name: "a customer's own session",
            off: { checkOperator: () => undefined },
            applies: isForOperators,
            headers: (api, fresh) => ({ ...ownPage(api), cookie: sessionCookie(tokenOf(issuerOf(api), fresh)) }),
          } satisfies ApiAttack,
        ]
      : []),
    {
      name: "an API key that was not made for it",
      off: { checkKeyScope: () => undefined },
      applies: isForKeys,
      headers: () => ({ authorization: `Bearer ${bob.keys.chatOnly.text}` }),
    },
    {
      name: "an API key that was revoked",
      off: { checkKey: async () => undefined },
      applies: isForKeys,
      headers: () => ({ authorization: `Bearer ${bob.keys.revoked.text}` }),
    },
    {
      name: "an API key of nobody's",
      off: {
        verifyKey: async () => ({ ...believedKey, id: bob.keys.chatOnly.id, userId: bob.userId }),
      },
      applies: isForKeys,
      headers: () => ({ authorization: `Bearer ${makeApiKey().text}` }),
    },
    {
      name: "an API key beside somebody's cookies",
      off: { checkKeyAlone: () => undefined },
      applies: isForKeys,
      headers: (api, fresh) => ({
        ...ownPage(api),
        authorization: `Bearer ${bob.keys.whole.text}`,
        cookie: allCookies(api, fresh),
      }),
    },
    {
      name: "the session cookie from another site's page",
      off: { checkOrigin: () => undefined },
      applies: (attacked) => isBrowserBusiness(attacked) && (isSignedIn(attacked) || attacked.route.method !== "get"),
      headers: (api, fresh) => ({
        origin: "https://evil.example",
        "sec-fetch-site": "cross-site",
        cookie: allCookies(api, fresh),
      }),
    },
    {
      name: "through a tunnel from outside",
      off: { checkAddress: () => undefined },
      applies: isLocalBusiness,
      headers: (api, fresh) => ({ ...ownPage(api), "x-forwarded-for": "203.0.113.7", cookie: allCookies(api, fresh) }),
    },
    {
      name: "under a foreign name that was pointed at this machine",
      off: { checkAddress: () => undefined },
      applies: isLocalBusiness,
      headers: (api, fresh) => ({ ...ownPage(api), host: "evil.example", cookie: allCookies(api, fresh) }),
    },
    {
      name: "by a start link that was used before",
      off: { spendStartToken: async () => undefined },
      applies: ({ name }) => name === "localStart",
      headers: (api) => ownPage(api),
      async prepare(api, path) {
        await ask({
          port: Number(new URL(api.origin).port),
          method: "GET",
          path,
          headers: { ...ownPage(api), host: new URL(api.origin).host },
        });
      },
    },
    {
      name: "without having come through a start link",
      off: { checkAdmission: () => undefined },
      applies: ({ name }) => name === "localSignIn",
      headers: (api) => ownPage(api),
    },
  ];
}

function issuerOf({ issuer, origin }: TestApi): Issuer {
  return { signingKey: issuer.signingKey, sessionIssuer: issuer.sessionIssuer, origin };
}

function ownPage({ origin }: TestApi): Headers {
  return { origin, "sec-fetch-site": "same-origin" };
}

function sessionCookie(token: string): string {
  return `${SESSION_COOKIE}=${token}`;
}

/** Everything that the victim's browser would send along. */
function allCookies(api: TestApi, fresh: FreshSession): string {
  const admission = makeAdmission(api.issuer.startKey, Date.now() + 60_000);
  const token = tokenOf(issuerOf(api), { ...fresh, role: "operator" });
  return `${sessionCookie(token)}; ${REFRESH_COOKIE}=${fresh.refreshSecret}; ${ADMISSION_COOKIE}=${admission}`;
}

/** What an api that checks no secret believes of any key. */
const believedKey = {
  secretHash: Buffer.alloc(0),
  scopes: apiKeyScopes,
  expiresAtMs: null,
  revokedAtMs: null,
  lastUsedAtMs: null,
  userState: "active",
  tier: "local",
  isTierOpen: false,
} as const;

function missing(): never {
  throw new Error("the victim has an agent");
}
