import { setTimeout as sleep } from "node:timers/promises";
import { AGENTD_APPS_PREFIX } from "@automna/contract/agentd";
import { AGENTD_CONTROL_PREFIX } from "@automna/contract/paths";
import { SESSION_COOKIE } from "@automna/contract/identity";
import { INTERNAL_HEADER, USER_HEADER } from "@automna/contract/headers";
import { endSession } from "@automna/records/sessions";
import { newId } from "@automna/service-kit/new-id";
import { deriveSlotKey } from "@automna/service-kit/slot-keys";
import { backendRequestHeaders } from "../../../proxy/src/ingress/request-headers.ts";
import { ingressRouteClasses, type IngressRouteClass } from "../../../proxy/src/ingress/route-classes.ts";
import type { IngressGuards } from "../../../proxy/src/ingress/guards.ts";
import type { RequestTarget } from "../../../proxy/src/ingress/request-target.ts";
import type { ScenarioContext } from "../harness/scenario.ts";
import { ask } from "./ask.ts";
import { believe, forgeries, tokenOf, type Issuer } from "./forged-tokens.ts";
import { makeIngressIssuer, ORIGIN, startIngress } from "./ingress-under-attack.ts";
import type { SeenRequest } from "./recording-backend.ts";
import { putAgentBack, type Person, type World } from "./world.ts";

interface IngressAttack {
  name: string;
  off: Partial<IngressGuards>;
  applies?: (each: IngressRouteClass) => boolean;
  /** What has to happen while the ingresses run. */
  prepare?: () => Promise<void>;
  headers: (issuer: Issuer) => Record<string, string>;
}

const ENDED = { id: newId("sess") };
/** The platform's promise about a sign-out (design D11). */
const ENDS_WITHIN_MS = 2_000;

const ownPage = { host: new URL(ORIGIN).host, origin: ORIGIN, "sec-fetch-site": "same-origin" };
const title = ({ kind, method, path }: IngressRouteClass) => `${kind} ${method} ${path("…")}`;
const cookie = (token: string) => `${SESSION_COOKIE}=${token}`;

/** Every kind of request that ingress tells from others, in every way that must not reach the victim's backend. */
export async function attackIngress(ctx: ScenarioContext, world: World): Promise<void> {
  const issuer = makeIngressIssuer();
  for (const attack of attacksOn(world)) {
    // No customer reaches a control path at all; whether the other guards hold there too shows only without that one.
    const open = { target: readAnyTarget };
    const unsafe = {
      plain: await startIngress(ctx, world, issuer, attack.off),
      control: await startIngress(ctx, world, issuer, { ...open, ...attack.off }),
    };
    const safe = {
      plain: await startIngress(ctx, world, issuer),
      control: await startIngress(ctx, world, issuer, open),
    };
    await attack.prepare?.();
    for (const each of ingressRouteClasses.filter(attack.applies ?? (() => true))) {
      const reaches = async (ports: typeof safe) =>
        reachesBackend(world.bob, {
          port: each.kind === "control" ? ports.control : ports.plain,
          each,
          headers: attack.headers(issuer),
        });
      await ctx.attack({
        name: `ingress, ${attack.name}: ${title(each)}`,
        unsafe: () => reaches(unsafe),
        safe: () => reaches(safe),
      });
    }
  }
  await attackControlPaths(ctx, world, issuer);
  await attackReusedPort(ctx, world, issuer);
  ctx.figure("kinds of request tried on ingress", ingressRouteClasses.length, "kinds");
}

function attacksOn({ db, alice, bob }: World): IngressAttack[] {
  return [
    {
      name: "the other's id",
      off: { ownership: () => undefined },
      headers: (issuer) => ({ ...ownPage, cookie: cookie(tokenOf(issuer, alice)) }),
    },
    ...forgeries.map(({ name, make }): IngressAttack => ({
      name,
      off: { session: async ({ headers }) => toCaller(headers.cookie, bob) },
      headers: (issuer) => {
        const token = make(issuer, bob, alice);
        return { ...ownPage, ...(token === null ? {} : { cookie: cookie(token) }) };
      },
    })),
    {
      name: "a session that was ended",
      off: { session: async ({ headers }) => toCaller(headers.cookie, bob) },
      async prepare() {
        await db.session.create({
          data: { ...ENDED, userId: bob.userId, expiresAt: new Date(Date.now() + 3_600_000) },
        });
        await endSession(db, ENDED.id, new Date());
        await sleep(ENDS_WITHIN_MS);
      },
      headers: (issuer) => ({
        ...ownPage,
        cookie: cookie(tokenOf(issuer, { userId: bob.userId, sessionId: ENDED.id })),
      }),
    },
    {
      name: "the session cookie from another site's page",
      off: { origin: () => undefined, socketOrigin: () => undefined },
      headers: (issuer) => ({
        host: ownPage.host,
        origin: "https://evil.example",
        "sec-fetch-site": "cross-site",
        cookie: cookie(tokenOf(issuer, bob)),
      }),
    },
    {
      name: "as the script of a page",
      off: { browser: () => ({ kind: "forward" }) },
      applies: ({ kind }) => kind !== "ws",
      headers: (issuer) => ({ ...ownPage, "sec-fetch-dest": "script", cookie: cookie(tokenOf(issuer, bob)) }),
    },
  ];
}

/** A customer's own session on the paths that only the provisioner may use. */
async function attackControlPaths(
  ctx: ScenarioContext,
  world: World,
  issuer: ReturnType<typeof makeIngressIssuer>,
): Promise<void> {
  const [unsafe, safe] = [
    await startIngress(ctx, world, issuer, { target: readAnyTarget }),
    await startIngress(ctx, world, issuer),
  ];
  const headers = { ...ownPage, cookie: cookie(tokenOf(issuer, world.bob)) };
  for (const each of ingressRouteClasses.filter(({ kind }) => kind === "control")) {
    const reaches = (port: number) => reachesBackend(world.bob, { port, each, headers });
    await ctx.attack({
      name: `ingress, one's own agent's control path: ${title(each)}`,
      unsafe: () => reaches(unsafe),
      safe: () => reaches(safe),
    });
  }
  ctx.hold(
    world.bob.backend
      .passed()
      .every(({ target }) => !target.startsWith(AGENTD_CONTROL_PREFIX) && !target.startsWith(AGENTD_APPS_PREFIX)),
    "agentd itself lets none of them through, even where the proxy did",
  );
}

/** The port that one customer's agent had is another's now: nobody's request may go to a stranger. */
async function attackReusedPort(
  ctx: ScenarioContext,
  { alice, bob, ...world }: World,
  issuer: ReturnType<typeof makeIngressIssuer>,
): Promise<void> {
  await putAgentBack(world.db, { ...bob, backend: alice.backend });
  const all = { alice, bob, ...world };
  const [unsafe, safe] = [
    await startIngress(ctx, all, issuer, { backendProof: async () => undefined }),
    await startIngress(ctx, all, issuer),
  ];
  const headers = { ...ownPage, cookie: cookie(tokenOf(issuer, bob)) };
  for (const each of ingressRouteClasses.filter(({ kind }) => kind !== "control")) {
    const strays = async (port: number) => {
      const before = alice.backend.arrived().length;
      await ask({ port, method: each.method, path: each.path(bob.userId), headers: { ...headers, ...each.headers } });
      return alice.backend.arrived().length > before;
    };
    await ctx.attack({
      name: `ingress, a port that is another's by now: ${title(each)}`,
      unsafe: () => strays(unsafe),
      safe: () => strays(safe),
    });
  }
  await putAgentBack(world.db, bob);
}

/** Proves on both sides that a good request works, and what of it arrives upstream. */
export async function attackHeaders(ctx: ScenarioContext, world: World): Promise<void> {
  const issuer = makeIngressIssuer();
  const { bob } = world;
  const token = tokenOf(issuer, bob);
  const headers = {
    ...ownPage,
    cookie: `${cookie(token)}; other=1`,
    authorization: `Bearer ${token}`,
    [USER_HEADER]: world.alice.userId,
    [INTERNAL_HEADER]: "x",
    "x-openclaw-scopes": "operator.admin",
    "x-forwarded-for": "127.0.0.1",
    forwarded: "for=127.0.0.1",
  };
  const [unsafe, safe] = [
    await startIngress(ctx, world, issuer, { requestHeaders: withCredentials }),
    await startIngress(ctx, world, issuer),
  ];
  for (const each of ingressRouteClasses.filter(({ kind }) => kind !== "control")) {
    const leaks = async (port: number) =>
      (await arrivals(bob, { port, each, headers })).some(
        ({ headers: seen }) =>
          seen.cookie !== undefined || seen.authorization !== undefined || seen["x-openclaw-scopes"] !== undefined,
      );
    await ctx.attack({
      name: `ingress, credentials and claims of the caller travel upstream: ${title(each)}`,
      unsafe: () => leaks(unsafe),
      safe: () => leaks(safe),
    });
    const seen = await arrivals(bob, { port: safe, each, headers });
    const ingressKey = deriveSlotKey(bob.slot.rootKey, "ingress", bob.slot.id, bob.slot.generation);
    const isOurs =
      seen.length === 1 &&
      seen.every(
        ({ headers: sent }) =>
          sent[USER_HEADER] === bob.userId && sent[INTERNAL_HEADER] === ingressKey && sent.forwarded === undefined,
      );
    ctx.hold(isOurs, `ingress, a good request arrives with our own headers: ${title(each)}`, seen);
  }
}

interface Try {
  port: number;
  each: IngressRouteClass;
  headers: Record<string, string>;
}

async function reachesBackend(person: Person, attempt: Try): Promise<boolean> {
  return (await arrivals(person, attempt)).length > 0;
}

/** What came to the person's backend because of this request. */
async function arrivals(person: Person, { port, each, headers }: Try): Promise<readonly SeenRequest[]> {
  const before = person.backend.arrived().length;
  await ask({ port, method: each.method, path: each.path(person.userId), headers: { ...headers, ...each.headers } });
  return person.backend.arrived().slice(before);
}

/** Reads a target as a careless proxy would. */
function readAnyTarget(raw: string): RequestTarget {
  const match = /^\/a\/([^/?]+)([^?]*)(.*)$/.exec(raw);
  const [, userId = "", path = "/", query = ""] = match ?? [];
  return { userId, path, rest: path + query };
}

function toCaller(header: string | undefined, otherwise: Person) {
  const token = header?.slice(`${SESSION_COOKIE}=`.length) ?? null;
  const { sub, sid, iat } = believe(token, otherwise);
  return { userId: sub, sessionId: sid, tokenIssuedAtS: iat };
}

function withCredentials(...[request, own]: Parameters<typeof backendRequestHeaders>): string[] {
  const { cookie: sent = "", authorization = "" } = request.headers;
  return [...backendRequestHeaders(request, own), "cookie", sent, "authorization", authorization];
}
