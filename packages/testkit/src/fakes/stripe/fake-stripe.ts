import { createHmac, randomBytes } from "node:crypto";
import { once } from "node:events";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { openContract, type Contract, type ContractAnswer, type ContractRequest } from "../../contract.ts";
import { makeDeliverer, type Deliverer } from "../delivery.ts";
import type { StripeHandler } from "./answer.ts";
import { completeCheckout } from "./checkouts.ts";
import { nextDue, runDue } from "./clock.ts";
import { parseForm, type Form } from "./form.ts";
import { answerHostedPage } from "./hosted-page.ts";
import type { CardOutcome, EventRecord } from "./records.ts";
import { billingRoutes } from "./routes-billing.ts";
import { cardRoutes } from "./routes-cards.ts";
import { catalogueRoutes } from "./routes-catalogue.ts";
import { decideDispute, disputeInvoice, refundInvoice } from "./returns.ts";
import { returnRoutes } from "./routes-returns.ts";
import { usageRoutes } from "./routes-usage.ts";
import { STRIPE_STUBS } from "./stub-schemas.ts";
import { makeState, need, type StripeState } from "./state.ts";
import { StripeFailure } from "./stripe-failure.ts";
import { eventWire } from "./wire-billing.ts";

export const STRIPE_DESCRIPTIONS = ["stripe-from-sdk.openapi.json"] as const;
export const STRIPE_UNDESCRIBED = {
  "POST /v1/refunds": "the derived description leaves refunds out",
  "GET /v1/refunds": "the derived description leaves refunds out",
  "GET /v1/disputes": "the derived description leaves disputes out",
  "GET /v1/invoice_payments": "the derived description leaves invoice payments out",
};

/** Events about what the derived description leaves out. */
const UNDESCRIBED_EVENTS = /^(refund|charge)\./;

export const stripeRoutes: Readonly<Record<string, StripeHandler>> = {
  ...catalogueRoutes,
  ...billingRoutes,
  ...usageRoutes,
  ...returnRoutes,
  ...cardRoutes,
};

export interface FakeStripeOptions {
  /** The stand-in's clock at its start, ms; the real one when not given. */
  nowMs?: () => number;
  random?: () => number;
  /** For self-tests: changes an answer before it is checked and sent. */
  spoil?: (route: string, body: unknown) => unknown;
  /** Path of the description; null = none (as on a machine without it). */
  description?: string | null;
  onExchange?: (exchange: StripeExchange) => void;
}

/** A call with what it was answered. `route` is the one in `stripeRoutes`, empty for an unknown address. */
export interface StripeExchange {
  route: string;
  request: ContractRequest;
  answer: ContractAnswer;
}

/** What happens to the next calls: `refuse` before anything is done, `cut` after it is done, without an answer. */
export type CallFault = "refuse" | "cut";

export interface FakeStripe {
  url: string;
  host: string;
  port: number;
  apiKey: string;
  webhookSecret: string;
  contract: Contract;
  state: StripeState;
  deliverer: Deliverer;
  /** Where events go; null = nowhere. */
  setWebhookUrl: (url: string | null) => void;
  /** `stripe-signature` over a body, at a time in seconds. */
  sign: (body: string, atS?: number, secret?: string) => string;
  /** The customer pays on the hosted page. */
  completeCheckout: (checkoutId: string, card?: CardOutcome) => boolean;
  setCard: (customerId: string, card: CardOutcome) => void;
  /** Which card it is: customers with the same fingerprint have the same one. */
  setFingerprint: (customerId: string, fingerprint: string) => void;
  /** Somebody pays back in Stripe's own dashboard; without an amount all of it. */
  refund: (invoiceId: string, amount?: number) => void;
  /** The customer's bank takes the money back. Answers the dispute's id. */
  dispute: (invoiceId: string) => string;
  decideDispute: (disputeId: string, status: "won" | "lost") => void;
  /** Moves the clock, doing on the way whatever falls due. */
  advance: (ms: number) => void;
  failNext: (fault: CallFault, times?: number) => void;
  /** `METHOD /path` of each call so far. */
  calls: () => readonly string[];
  /** Stops, and throws when the vendor's description was broken. */
  close: () => Promise<void>;
}

interface Remembered {
  fingerprint: string;
  status: number;
  body: unknown;
}

/** Starts a stateful stand-in for Stripe's billing API on a free port of 127.0.0.1. */
export async function startFakeStripe(options: FakeStripeOptions = {}): Promise<FakeStripe> {
  const { nowMs = Date.now, random = Math.random, spoil, description, onExchange } = options;
  const contract = await openContract({
    vendor: "Stripe",
    files: STRIPE_DESCRIPTIONS,
    undescribed: STRIPE_UNDESCRIBED,
    isForm: true,
    stubs: STRIPE_STUBS,
    ...(description === undefined ? {} : { path: description }),
  });
  const apiKey = `sk_test_${randomBytes(18).toString("hex")}`;
  const webhookSecret = `whsec_${randomBytes(24).toString("base64url")}`;
  const remembered = new Map<string, Remembered>();
  const calls: string[] = [];
  const faults: CallFault[] = [];
  let offsetMs = 0;
  let webhookUrl: string | null = null;
  let idempotencyKey: string | null = null;
  let origin = "";

  const nowS = () => Math.floor((nowMs() + offsetMs) / 1_000);
  const sign = (body: string, atS = nowS(), secret = webhookSecret) =>
    `t=${atS},v1=${createHmac("sha256", secret).update(`${atS}.${body}`).digest("hex")}`;
  const deliverer = makeDeliverer({
    url: () => webhookUrl,
    sign: ({ body }) => ({ "stripe-signature": sign(body) }),
    random,
  });
  const onEvent = (event: EventRecord) => {
    const body = eventWire(event);
    if (!UNDESCRIBED_EVENTS.test(event.type))
      contract.checkAnswer({ method: "GET", path: `/v1/events/${event.id}`, headers: {} }, { status: 200, body });
    if (webhookUrl !== null) deliverer.send({ id: event.id, body: JSON.stringify(body, null, 2) });
  };
  const state = makeState({ nowS, baseUrl: () => origin, onEvent, idempotencyKey: () => idempotencyKey });

  const handle = (method: string, path: string, form: Form): { route: string; status: number; body: unknown } => {
    const found = findRoute(method, path);
    if (found === null)
      return {
        route: "",
        status: 404,
        body: new StripeFailure(404, `Unrecognized request URL (${method}: ${path}).`).body,
      };
    try {
      return { route: found.route, status: 200, body: found.handler({ state, params: found.params, form }) };
    } catch (error) {
      if (error instanceof StripeFailure) return { route: found.route, status: error.status, body: error.body };
      throw error;
    }
  };

  const answer = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const text = await readBody(request);
    const method = request.method ?? "";
    const target = request.url ?? "";
    const { pathname, search } = new URL(target, "http://stripe.invalid");
    calls.push(`${method} ${pathname}`);
    const asked = {
      method,
      path: target,
      headers: request.headers,
      ...(text === "" ? {} : { body: structuredClone(parseForm(text)) }),
    };
    contract.checkRequest(asked);
    const send = (status: number, body: unknown, headers: Record<string, string> = {}) => {
      contract.checkAnswer(asked, { status, body });
      response.writeHead(status, { "content-type": "application/json", ...headers });
      response.end(JSON.stringify(body));
    };
    if (request.headers.authorization !== `Bearer ${apiKey}`)
      return send(401, new StripeFailure(401, "Invalid API Key provided").body);
    if (faults[0] === "refuse") {
      faults.shift();
      return send(503, new StripeFailure(503, "Try again later.", { type: "api_error" }).body, {
        "stripe-should-retry": "true",
      });
    }
    const key = method === "POST" ? (request.headers["idempotency-key"] ?? null) : null;
    const fingerprint = `${method} ${pathname} ${text}`;
    const before = typeof key === "string" ? remembered.get(key) : undefined;
    if (before !== undefined && before.fingerprint !== fingerprint)
      return send(
        400,
        new StripeFailure(
          400,
          "Keys for idempotent requests can only be used with the same parameters they were first used with.",
          { type: "idempotency_error" },
        ).body,
      );
    if (before !== undefined) return send(before.status, before.body, { "idempotent-replayed": "true" });

    idempotencyKey = typeof key === "string" ? key : null;
    const done = handle(method, pathname, method === "POST" ? parseForm(text) : parseForm(search.slice(1)));
    idempotencyKey = null;
    if (typeof key === "string") remembered.set(key, { fingerprint, ...done });
    if (faults[0] === "cut") {
      faults.shift();
      response.destroy();
      return;
    }
    const body = spoil === undefined ? done.body : spoil(done.route, done.body);
    onExchange?.({ route: done.route, request: asked, answer: { status: done.status, body } });
    send(done.status, body);
  };

  const server = createServer((request, response) => {
    if (answerHostedPage(state, request, response)) return;
    answer(request, response).catch((error: unknown) => {
      response.writeHead(500, { "content-type": "application/json" });
      response.end(JSON.stringify(new StripeFailure(500, String(error), { type: "api_error" }).body));
    });
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  origin = `http://127.0.0.1:${port}`;

  return {
    url: origin,
    host: "127.0.0.1",
    port,
    apiKey,
    webhookSecret,
    contract,
    state,
    deliverer,
    sign,
    setWebhookUrl: (url) => (webhookUrl = url),
    completeCheckout: (id, card = "good") => completeCheckout(state, id, card),
    setCard: (customerId, card) => (need(state.customers, "customer", customerId).card = card),
    setFingerprint: (customerId, fingerprint) => void state.fingerprints.set(customerId, fingerprint),
    refund: (invoiceId, amount) => void refundInvoice(state, need(state.invoices, "invoice", invoiceId), { amount }),
    dispute: (invoiceId) => disputeInvoice(state, invoiceId).id,
    decideDispute: (disputeId, status) => decideDispute(state, disputeId, status),
    advance(ms) {
      const end = nowMs() + offsetMs + ms;
      for (let due = nextDue(state); due !== null && due * 1_000 <= end; due = nextDue(state)) {
        offsetMs = Math.max(offsetMs, due * 1_000 - nowMs());
        runDue(state);
      }
      offsetMs = end - nowMs();
    },
    failNext: (fault, times = 1) => faults.push(...Array.from({ length: times }, () => fault)),
    calls: () => calls,
    async close() {
      await deliverer.close();
      server.closeAllConnections();
      server.close();
      await once(server, "close");
      contract.assertKept();
    },
  };
}

function findRoute(
  method: string,
  path: string,
): { route: string; handler: StripeHandler; params: Record<string, string> } | null {
  const parts = path.split("/");
  let best: { route: string; handler: StripeHandler; params: Record<string, string> } | null = null;
  for (const [route, handler] of Object.entries(stripeRoutes)) {
    const [verb, pattern = ""] = route.split(" ");
    const names = pattern.split("/");
    if (verb !== method || names.length !== parts.length) continue;
    if (!names.every((name, index) => name.startsWith(":") || name === parts[index])) continue;
    const params = Object.fromEntries(
      names.flatMap((name, index) =>
        name.startsWith(":") ? [[name.slice(1), decodeURIComponent(parts[index] ?? "")]] : [],
      ),
    );
    // A path without a variable part is the better one: `/v1/invoices/create_preview` is no invoice.
    if (best === null || Object.keys(params).length < Object.keys(best.params).length)
      best = { route, handler, params };
  }
  return best;
}

async function readBody(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of request as AsyncIterable<Buffer>) chunks.push(chunk);
  return Buffer.concat(chunks).toString("utf8");
}
