import type { NotifyChannel, NotifyPayload } from "@automna/contract/events";
import type { AgentPhase } from "@automna/core/agents/agent-phase";
import type { RouteRecord } from "@automna/records/routes";
import { makeSilentLog } from "@automna/service-kit/log";
import { newId } from "@automna/service-kit/new-id";
import type { NotifyListener } from "@automna/service-kit/notify";
import { newKeyRingJson, parseKeyRing, seal } from "@automna/service-kit/secret-box";
import { makeSessionVerifier } from "@automna/service-kit/session-verifier";
import { deriveSlotKey } from "@automna/service-kit/slot-keys";
import type { IngressGuards } from "../src/ingress/guards.ts";
import type { DrainTimes } from "../src/ingress/drain.ts";
import { makeIngress, type Ingress, type IngressDeps } from "../src/ingress/ingress.ts";
import { makeRequestIds } from "../src/request-ids.ts";
import { makeTestIssuer } from "./session-tokens.ts";
import { startStandInAgentd, type StandInAgentd } from "./stand-in-agentd.ts";

export const ORIGIN = "http://automna.test";

/** Notifications by hand. */
export interface HandListener extends NotifyListener {
  emit: <Channel extends NotifyChannel>(channel: Channel, payload: NotifyPayload<Channel>) => void;
  reconnect: () => void;
  setConnected: (isConnected: boolean) => void;
}

export function makeHandListener(): HandListener {
  const handlers = new Map<NotifyChannel, Set<(payload: never) => void>>();
  const reconnectHandlers = new Set<() => void>();
  let isConnected = true;
  return {
    on(channel, handle) {
      const set = handlers.get(channel) ?? new Set();
      handlers.set(channel, set.add(handle));
      return () => set.delete(handle);
    },
    onReconnect(handle) {
      reconnectHandlers.add(handle);
      return () => reconnectHandlers.delete(handle);
    },
    isConnected: () => isConnected,
    close: async () => undefined,
    emit(channel, payload) {
      for (const handle of handlers.get(channel) ?? []) handle(payload as never);
    },
    reconnect() {
      for (const handle of reconnectHandlers) handle();
    },
    setConnected(value) {
      isConnected = value;
    },
  };
}

/** A customer with an agent behind a stand-in agentd, and a way to speak as them. */
export interface TestCustomer {
  userId: string;
  sessionId: string;
  backend: StandInAgentd;
  /** What the database would say; tests change it and then notify. */
  record: { phase: AgentPhase; userState: RouteRecord["userState"]; port: number };
  token: (claims?: { iat?: number; exp?: number; sid?: string }) => string;
  cookie: () => string;
}

export interface IngressHarness extends AsyncDisposable {
  url: string;
  port: number;
  listener: HandListener;
  clock: { offsetMs: number };
  /** `pause`: answers wait for it. */
  database: { isDown: boolean; ended: string[]; queries: number; pause: Promise<void> | null };
  underWay: () => number;
  counts: Ingress["counts"];
  drain: (times?: Partial<DrainTimes>) => Promise<void>;
  addCustomer: (options?: { isOpen?: boolean }) => Promise<TestCustomer>;
}

interface HarnessOptions extends Pick<IngressDeps, "apiKeys" | "wakeAgent" | "limits" | "onPassage" | "heartbeatMs"> {
  /** From the start. */
  isDatabaseDown?: boolean;
}

/** The real ingress over a database that is a few variables. */
export async function startIngress(
  replaceGuards?: (guards: IngressGuards) => IngressGuards,
  { isDatabaseDown = false, ...options }: HarnessOptions = {},
): Promise<IngressHarness> {
  const issuer = makeTestIssuer(ORIGIN);
  const ring = parseKeyRing(newKeyRingJson());
  const listener = makeHandListener();
  const clock = { offsetMs: 0 };
  const now = () => Date.now() + clock.offsetMs;
  const database: IngressHarness["database"] = { isDown: isDatabaseDown, ended: [], queries: 0, pause: null };
  const customers = new Map<string, TestCustomer>();
  const answer = async <Value>(value: () => Value): Promise<Value> => {
    database.queries += 1;
    await database.pause;
    if (database.isDown) throw new Error("connection refused");
    return value();
  };

  const toRecord = (customer: TestCustomer): RouteRecord => {
    const { slotId, agentId, rootKey, keyGeneration } = customer.backend;
    const keys = {
      ingress: deriveSlotKey(rootKey, "ingress", slotId, keyGeneration),
      proof: deriveSlotKey(rootKey, "proof", slotId, keyGeneration),
    };
    const ingressKeyEnvelope = seal(ring, Buffer.from(JSON.stringify(keys)), {
      owner: slotId,
      kind: "slot_ingress_keys",
    });
    const { phase, userState, port } = customer.record;
    const address = { type: "local" as const, host: "127.0.0.1", port };
    const backend = phase === "ready" ? { ...address, slotId, keyGeneration, ingressKeyEnvelope } : null;
    return { userId: customer.userId, agentId, phase, userState, backend };
  };

  const ingress = makeIngress({
    findRoute: (userId) =>
      answer(() => {
        const customer = customers.get(userId);
        return customer === undefined ? null : toRecord(customer);
      }),
    listEndedSessions: () => answer(() => database.ended),
    listener,
    verifier: makeSessionVerifier({
      jwtKey: issuer.publicKey,
      issuer: issuer.issuer,
      authorizedParties: [ORIGIN],
      now,
    }),
    ring,
    origin: ORIGIN,
    newRequestId: makeRequestIds(),
    log: makeSilentLog(),
    now,
    ...options,
    ...(replaceGuards === undefined ? {} : { replaceGuards }),
  });
  const port = await ingress.listen("127.0.0.1", 0);
  listener.reconnect();
  await new Promise((resolve) => setImmediate(resolve));

  const drain = (times: Partial<DrainTimes> = {}) => ingress.drain({ timeoutMs: 0, noticeMs: 0, ...times });
  return {
    url: `http://127.0.0.1:${port}`,
    port,
    listener,
    clock,
    database,
    underWay: ingress.underWay,
    counts: ingress.counts,
    drain,
    async addCustomer({ isOpen = false } = {}) {
      const backend = await startStandInAgentd({ slotId: newId("slt"), agentId: newId("agt"), isOpen });
      const userId = newId("user");
      const sessionId = newId("sess");
      const token: TestCustomer["token"] = (claims) => issuer.token({ sub: userId, sid: sessionId, ...claims });
      const record = { phase: "ready" as const, userState: "active" as const, port: backend.port };
      const customer: TestCustomer = {
        userId,
        sessionId,
        backend,
        record,
        token,
        cookie: () => `__session=${token()}`,
      };
      customers.set(userId, customer);
      return customer;
    },
    async [Symbol.asyncDispose]() {
      await drain();
      for (const customer of customers.values()) await customer.backend.crash();
    },
  };
}
