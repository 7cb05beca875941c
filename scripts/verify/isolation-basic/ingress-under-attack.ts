import { generateKeyPairSync } from "node:crypto";
import { setTimeout as sleep } from "node:timers/promises";
import { SESSION_COOKIE } from "@automna/contract/identity";
import { agentPath } from "@automna/contract/paths";
import { findRoute } from "@automna/records/routes";
import { listEndedSessions } from "@automna/records/sessions";
import { makeSilentLog } from "@automna/service-kit/log";
import { makeNotifyListener } from "@automna/service-kit/notify";
import { makeSessionVerifier } from "@automna/service-kit/session-verifier";
import pg from "pg";
import type { IngressGuards } from "../../../proxy/src/ingress/guards.ts";
import { makeIngress } from "../../../proxy/src/ingress/ingress.ts";
import { makeRequestIds } from "../../../proxy/src/request-ids.ts";
import type { ScenarioContext } from "../harness/scenario.ts";
import { ask } from "./ask.ts";
import { tokenOf, type Issuer } from "./forged-tokens.ts";
import type { World } from "./world.ts";

export const ORIGIN = "http://automna.test";

/** One issuer for every ingress of the run. */
export function makeIngressIssuer(): Issuer & { jwtKey: string } {
  const { privateKey, publicKey } = generateKeyPairSync("rsa", { modulusLength: 2048 });
  return {
    signingKey: privateKey,
    sessionIssuer: "automna-verify",
    origin: ORIGIN,
    jwtKey: publicKey.export({ type: "spki", format: "pem" }).toString(),
  };
}

/** The real ingress over the run's database on a free port, with some of its guards replaced. Answers the port. */
export async function startIngress(
  ctx: ScenarioContext,
  world: World,
  issuer: Issuer & { jwtKey: string },
  replaced: Partial<IngressGuards> = {},
): Promise<number> {
  const log = makeSilentLog();
  const url = world.database.urlAs("automna_ingress");
  const pool = new pg.Pool({ connectionString: url, max: 2 });
  const listener = makeNotifyListener(url, log);
  const ingress = makeIngress({
    findRoute: (userId) => findRoute(pool, userId),
    listEndedSessions: (sinceMs) => listEndedSessions(pool, sinceMs),
    listener,
    verifier: makeSessionVerifier({
      jwtKey: issuer.jwtKey,
      issuer: issuer.sessionIssuer,
      authorizedParties: [ORIGIN],
      now: Date.now,
    }),
    ring: world.ring,
    origin: ORIGIN,
    newRequestId: makeRequestIds(),
    log,
    now: Date.now,
    replaceGuards: (real) => ({ ...real, ...replaced }),
  });
  const port = await ingress.listen("127.0.0.1", 0);
  ctx.onCleanup("close an ingress", async () => {
    await ingress.drain({ timeoutMs: 0, noticeMs: 0 });
    await listener.close();
    await pool.end();
  });
  await untilServing(
    ctx,
    port,
    { host: new URL(ORIGIN).host, origin: ORIGIN, cookie: `${SESSION_COOKIE}=${tokenOf(issuer, world.alice)}` },
    agentPath(world.alice.userId),
  );
  return port;
}

/** Before it knows which sessions have ended an ingress refuses everybody, which would prove nothing. */
async function untilServing(
  ctx: ScenarioContext,
  port: number,
  headers: Record<string, string>,
  path: string,
): Promise<void> {
  const UNAVAILABLE = 503;
  for (;;) {
    const { status } = await ask({ port, method: "GET", path, headers });
    if (status !== UNAVAILABLE) return;
    await sleep(20, undefined, { signal: ctx.signal });
  }
}
