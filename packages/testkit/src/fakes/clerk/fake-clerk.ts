import { createHmac, createSign, generateKeyPairSync, randomBytes } from "node:crypto";
import { once } from "node:events";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { openContract, type Contract, type ContractAnswer, type ContractRequest } from "../../contract.ts";
import { makeDeliverer, type Deliverer } from "../delivery.ts";
import { answerFrontend } from "./clerk-frontend.ts";
import { clerkRoutes, createSession, createUser, endSession, type ClerkState } from "./clerk-routes.ts";
import { ClerkFailure, type ClerkSessionRecord, type ClerkUserRecord, type ClerkWire } from "./clerk-wire.ts";

export const CLERK_DESCRIPTIONS = ["clerk-backend.openapi.json", "clerk-backend.openapi.yml"] as const;
/** All of the vendor's addresses begin with it; the description leaves it to its server address. */
const BASE = "/v1";
const TOKEN_LIFE_S = 60;

export interface FakeClerkOptions {
  nowMs?: () => number;
  random?: () => number;
  /** Origin that session tokens are made for (`azp`). */
  origin?: string;
  /** For self-tests: changes an answer before it is checked and sent. */
  spoil?: (route: string, body: unknown) => unknown;
  onExchange?: (exchange: ClerkExchange) => void;
  /** Address to listen on, for callers in a lab. Default: 127.0.0.1. */
  host?: string;
}

export interface ClerkExchange {
  route: string;
  request: ContractRequest;
  answer: ContractAnswer;
}

export interface FakeClerk {
  url: string;
  secretKey: string;
  /** `pk_test_` and the address of its frontend. */
  publishableKey: string;
  webhookSecret: string;
  /** `iss` of session tokens, and the public key for checking them without the network. */
  issuer: string;
  jwtKey: string;
  contract: Contract;
  state: ClerkState;
  deliverer: Deliverer;
  setWebhookUrl: (url: string | null) => void;
  setOrigin: (origin: string) => void;
  /** Somebody signs up on the hosted page. */
  signUp: (email: string, names?: Partial<Pick<ClerkUserRecord, "firstName" | "lastName">>) => ClerkUserRecord;
  /** Somebody signs in there; answers the session with a token of it. */
  signIn: (userId: string) => { sessionId: string; token: string };
  signOut: (sessionId: string) => void;
  /** So many of the next calls are answered 503. */
  failNext: (times: number) => void;
  calls: () => readonly string[];
  /** Stops, and throws when the vendor's description was broken. */
  close: () => Promise<void>;
}

/** Starts a stateful stand-in for Clerk's backend API on a free port. */
export async function startFakeClerk(options: FakeClerkOptions = {}): Promise<FakeClerk> {
  const { nowMs = Date.now, random = Math.random, spoil, onExchange, host = "127.0.0.1" } = options;
  const contract = await openContract({ vendor: "Clerk", files: CLERK_DESCRIPTIONS });
  const { privateKey, publicKey } = generateKeyPairSync("rsa", { modulusLength: 2048 });
  const secretKey = `sk_test_${randomBytes(20).toString("hex")}`;
  const webhookKey = randomBytes(24);
  const keyId = `ins_${randomBytes(8).toString("hex")}`;
  const calls: string[] = [];
  let webhookUrl: string | null = null;
  let audience = options.origin ?? "http://localhost";
  let failures = 0;
  let url = "";

  // Svix, which Clerk sends through: https://docs.svix.com/receiving/verifying-payloads/how-manual
  const deliverer = makeDeliverer({
    url: () => webhookUrl,
    random,
    sign({ id, body }) {
      const at = Math.floor(Date.now() / 1_000);
      const signature = createHmac("sha256", webhookKey).update(`${id}.${at}.${body}`).digest("base64");
      return { "svix-id": id, "svix-timestamp": String(at), "svix-signature": `v1,${signature}` };
    },
  });

  const signToken = ({ id, userId }: ClerkSessionRecord): string => {
    const at = Math.floor(nowMs() / 1_000);
    const encode = (part: object) => Buffer.from(JSON.stringify(part)).toString("base64url");
    const claims = {
      azp: audience,
      exp: at + TOKEN_LIFE_S,
      fva: [0, -1],
      iat: at,
      iss: url,
      // The instance's session token is set to carry it: `"metadata": "{{user.public_metadata}}"`.
      metadata: state.users.get(userId)?.publicMetadata ?? {},
      nbf: at - 10,
      sid: id,
      sts: "active",
      sub: userId,
      v: 2,
    };
    const signed = `${encode({ alg: "RS256", kid: keyId, typ: "JWT" })}.${encode(claims)}`;
    return `${signed}.${createSign("RSA-SHA256").update(signed).sign(privateKey, "base64url")}`;
  };

  const state: ClerkState = {
    users: new Map(),
    sessions: new Map(),
    nowMs,
    signToken,
    jwks: () => ({
      keys: [{ use: "sig", kty: "RSA", kid: keyId, alg: "RS256", ...publicPart(publicKey.export({ format: "jwk" })) }],
    }),
    emit(type, data) {
      checkEvent(contract, type, data);
      if (webhookUrl === null) return;
      const event = {
        data,
        event_attributes: { http_request: { client_ip: "", user_agent: "" } },
        instance_id: keyId,
        object: "event",
        timestamp: nowMs(),
        type,
      };
      deliverer.send({ id: `msg_${randomBytes(14).toString("hex")}`, body: JSON.stringify(event, null, 2) });
    },
  };

  const answer = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    if (await answerFrontend(state, request, response)) return;
    const text = await readBody(request);
    const method = request.method ?? "";
    const { pathname, search, searchParams } = new URL(request.url ?? "", "http://clerk.invalid");
    calls.push(`${method} ${pathname}`);
    const asked: ContractRequest = {
      method,
      path: pathname.replace(BASE, "") + search,
      headers: request.headers,
      ...(text === "" ? {} : { body: text }),
    };
    const send = (status: number, body: unknown) => {
      contract.checkAnswer(asked, { status, body });
      response.writeHead(status, { "content-type": "application/json" });
      response.end(JSON.stringify(body));
    };
    // Not the vendor's answer but what stands before it, so not described either.
    if (failures > 0) {
      failures -= 1;
      response.writeHead(503, { "content-type": "application/json" }).end('{"errors":[]}');
      return;
    }
    contract.checkRequest(asked);
    const route = findRoute(method, pathname.replace(BASE, ""));
    if (request.headers.authorization !== `Bearer ${secretKey}` && route?.name !== "GET /jwks")
      return send(401, new ClerkFailure(401, "authentication_invalid", "Unable to authenticate this request.").body);
    if (route === null) return send(404, new ClerkFailure(404, "resource_not_found", "Not found").body);
    try {
      const handle = clerkRoutes[route.name];
      const made = handle?.({
        state,
        id: route.id,
        query: searchParams,
        body: text === "" ? {} : (JSON.parse(text) as Record<string, unknown>),
      });
      const body = spoil === undefined ? made : spoil(route.name, made);
      onExchange?.({ route: route.name, request: asked, answer: { status: 200, body } });
      send(200, body);
    } catch (error) {
      if (!(error instanceof ClerkFailure)) throw error;
      send(error.status, error.body);
    }
  };

  const server = createServer((request, response) => {
    answer(request, response).catch(() => response.destroy());
  });
  server.listen(0, host);
  await once(server, "listening");
  url = `http://${host}:${(server.address() as AddressInfo).port}`;

  return {
    url,
    secretKey,
    publishableKey: `pk_test_${Buffer.from(`${new URL(url).host}$`).toString("base64")}`,
    webhookSecret: `whsec_${webhookKey.toString("base64")}`,
    issuer: url,
    jwtKey: publicKey.export({ type: "spki", format: "pem" }).toString(),
    contract,
    state,
    deliverer,
    setWebhookUrl: (target) => (webhookUrl = target),
    setOrigin: (origin) => (audience = origin),
    signUp: (email, names) => createUser(state, email, names),
    signIn(userId) {
      const session = createSession(state, userId);
      return { sessionId: session.id, token: signToken(session) };
    },
    signOut(sessionId) {
      const session = state.sessions.get(sessionId);
      if (session !== undefined) endSession(state, session, "ended");
    },
    failNext: (times) => (failures = times),
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

/** The description has no events; what they carry is what a look at the object answers. */
function checkEvent(contract: Contract, type: string, data: ClerkWire): void {
  const id = String(data["id"]);
  const [noun] = type.split(".");
  const look = (path: string, method = "GET") =>
    contract.checkAnswer({ method, path, headers: {} }, { status: 200, body: data });
  if (type === "user.deleted") look(`/users/${id}`, "DELETE");
  else if (noun === "user") look(`/users/${id}`);
  else look(`/sessions/${id}`);
}

function publicPart({ n, e }: { n?: string; e?: string }): ClerkWire {
  return { n, e };
}

function findRoute(method: string, path: string): { name: string; id: string } | null {
  const parts = path.split("/");
  const found = Object.keys(clerkRoutes)
    .filter((name) => {
      const [verb, pattern = ""] = name.split(" ");
      const names = pattern.split("/");
      return (
        verb === method &&
        names.length === parts.length &&
        names.every((part, index) => part === ":id" || part === parts[index])
      );
    })
    // `/users/count` is no user.
    .toSorted((a, b) => Number(a.includes(":id")) - Number(b.includes(":id")))[0];
  if (found === undefined) return null;
  const at = (found.split(" ")[1] ?? "").split("/").indexOf(":id");
  return { name: found, id: at < 0 ? "" : decodeURIComponent(parts[at] ?? "") };
}

async function readBody(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of request as AsyncIterable<Buffer>) chunks.push(chunk);
  return Buffer.concat(chunks).toString("utf8");
}
