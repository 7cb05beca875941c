import { newKeyRingJson, parseKeyRing, seal } from "@automna/service-kit/secret-box";
import { makeSilentLog } from "@automna/service-kit/log";
import { makeSessionVerifier } from "@automna/service-kit/session-verifier";
import { deriveSlotKey } from "@automna/service-kit/slot-keys";
import { makeAccessLog } from "@automna/proxy/ingress/access-log";
import { makeIngress } from "@automna/proxy/ingress/ingress";
import { makeIngressMetrics } from "@automna/proxy/ingress/metrics";
import { makeRequestIds } from "@automna/proxy/request-ids";
import { makeTestIssuer } from "@automna/proxy/test/session-tokens";
import type { RouteRecord } from "@automna/records/routes";
import { answerMessages, collectGarbage, reportReady, settings } from "./child.ts";
import { fillRoutes } from "./fill-routes.ts";
import { GENERATION, type Slot } from "./world.ts";

export interface OursSettings {
  rootKey: string;
  slots: Slot[];
  ports: number[];
  /** Users with a session of their own. */
  users: number;
  /** Routes that are remembered, users' included. */
  routes: number;
}

/** The ingress as main-ingress puts it together, with every check, log and metric; only the database is a few variables. */
const ORIGIN = "http://bench.test";
const { rootKey, slots, ports, users, routes } = settings() as OursSettings;
const ring = parseKeyRing(newKeyRingJson());
const issuer = makeTestIssuer(ORIGIN);

const userId = (index: number) => `user_${String(index).padStart(20, "0")}`;
const envelopes = slots.map(({ slotId }) => {
  const key = (purpose: "ingress" | "proof") =>
    deriveSlotKey(Buffer.from(rootKey, "base64"), purpose, slotId, GENERATION);
  const keys = JSON.stringify({ ingress: key("ingress"), proof: key("proof") });
  return seal(ring, Buffer.from(keys), { owner: slotId, kind: "slot_ingress_keys" });
});

const findRoute = async (user: string): Promise<RouteRecord | null> => {
  const index = Number(user.slice("user_".length)) % slots.length;
  const [slot, port, ingressKeyEnvelope] = [slots[index], ports[index], envelopes[index]];
  if (slot === undefined || port === undefined || ingressKeyEnvelope === undefined) return null;
  const backend = { type: "local" as const, host: "127.0.0.1", port, slotId: slot.slotId };
  return {
    userId: user,
    agentId: slot.agentId,
    phase: "ready",
    userState: "active",
    backend: { ...backend, keyGeneration: GENERATION, ingressKeyEnvelope },
  };
};

const accessLog = makeAccessLog({
  write: (text) => process.stdout.write(text),
  now: Date.now,
});
const metrics = makeIngressMetrics(() => ingress.counts);
let isFilling = true;
const ingress = makeIngress({
  findRoute,
  listEndedSessions: async () => [],
  listener: {
    on: () => () => undefined,
    // Connected from the start.
    onReconnect(handle) {
      setImmediate(handle);
      return () => undefined;
    },
    isConnected: () => true,
    close: async () => undefined,
  },
  verifier: makeSessionVerifier({
    jwtKey: issuer.publicKey,
    issuer: issuer.issuer,
    authorizedParties: [ORIGIN],
    now: Date.now,
  }),
  ring,
  origin: ORIGIN,
  newRequestId: makeRequestIds(),
  // Counted for each request as always, but never reached.
  limits: { requestsPerS: 1_000_000, requestsBurst: 1_000_000 },
  onPassage(passage, endedAt) {
    accessLog.add(passage, endedAt);
    metrics.observe(passage, endedAt);
  },
  log: makeSilentLog(),
  now: Date.now,
  // 100,000 signatures would take a minute: routes are filled without, and nothing is measured meanwhile.
  replaceGuards: (real) =>
    routes <= users
      ? real
      : {
          ...real,
          session: (request, target) =>
            isFilling
              ? Promise.resolve({ userId: target.userId, sessionId: "filling", tokenIssuedAtS: 0 })
              : real.session(request, target),
        },
});
const port = await ingress.listen("127.0.0.1", 0);
if (routes > users) await fillRoutes(port, routes, userId);
isFilling = false;

/** A whole run uses the same tokens: they are as old at its end as ingress lets a token be. */
const TOKEN_S = 15 * 60;
const issuedAtS = Math.floor(Date.now() / 1_000);

/** Spread over all routes. */
const people = Array.from({ length: users }, (_, index) => {
  const id = userId(index * Math.max(1, Math.floor(routes / users)));
  return {
    userId: id,
    cookie: `__session=${issuer.token({ sub: id, sid: `sess_${index}`, iat: issuedAtS, exp: issuedAtS + TOKEN_S })}`,
  };
});
answerMessages(collectGarbage);
reportReady({ port, origin: ORIGIN, people });
