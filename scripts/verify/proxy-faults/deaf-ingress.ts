import { findRoute } from "@automna/records/routes";
import { listEndedSessions } from "@automna/records/sessions";
import { makeSilentLog } from "@automna/service-kit/log";
import type { NotifyListener } from "@automna/service-kit/notify";
import { makeSessionVerifier } from "@automna/service-kit/session-verifier";
import pg from "pg";
import { makeIngress, type Ingress } from "../../../proxy/src/ingress/ingress.ts";
import { makeRequestIds } from "../../../proxy/src/request-ids.ts";
import { permissiveGuards } from "../../../proxy/test/permissive-guards.ts";
import type { ScenarioContext } from "../harness/scenario.ts";
import { ORIGIN, type World } from "./world.ts";

/** Believes that it hears every notification, and hears none. */
const deaf: NotifyListener = {
  on: () => () => undefined,
  onReconnect(handle) {
    setImmediate(handle);
    return () => undefined;
  },
  isConnected: () => true,
  close: async () => undefined,
};

/** The real ingress without notifications; `isTrusting`: and without the proof of who is at an address. Unsafe on purpose. */
export async function startDeafIngress(
  ctx: ScenarioContext,
  world: World,
  { isTrusting = false } = {},
): Promise<{ port: number; ingress: Ingress }> {
  const pool = new pg.Pool({ connectionString: world.postgres.urlAs("automna_ingress"), max: 2 });
  // The server is killed in the course of the run.
  pool.on("error", () => undefined);
  const { publicKey: jwtKey, issuer } = world.issuer;
  const ingress = makeIngress({
    findRoute: (userId) => findRoute(pool, userId),
    listEndedSessions: (sinceMs) => listEndedSessions(pool, sinceMs),
    listener: deaf,
    verifier: makeSessionVerifier({ jwtKey, issuer, authorizedParties: [ORIGIN], now: Date.now }),
    ring: world.ring,
    origin: ORIGIN,
    newRequestId: makeRequestIds(),
    log: makeSilentLog(),
    now: Date.now,
    replaceGuards: (real) => (isTrusting ? { ...real, backendProof: permissiveGuards.backendProof } : real),
  });
  const port = await ingress.listen("127.0.0.1", 0);
  ctx.onCleanup("close an unsafe ingress", async () => {
    await ingress.drain({ timeoutMs: 0, noticeMs: 0 });
    await pool.end();
  });
  return { port, ingress };
}
