import { randomBytes } from "node:crypto";
import {
  ClerkFailure,
  deletedWire,
  sessionWire,
  userWire,
  type ClerkSessionRecord,
  type ClerkUserRecord,
  type ClerkWire,
} from "./clerk-wire.ts";

export interface ClerkState {
  users: Map<string, ClerkUserRecord>;
  sessions: Map<string, ClerkSessionRecord>;
  nowMs: () => number;
  /** Records that something happened and has it delivered. */
  emit: (type: string, data: ClerkWire) => void;
  signToken: (session: ClerkSessionRecord) => string;
  jwks: () => ClerkWire;
}

export interface ClerkCall {
  state: ClerkState;
  id: string;
  query: URLSearchParams;
  body: Readonly<Record<string, unknown>>;
}

const WEEK_MS = 7 * 86_400_000;

/** `METHOD /path` below /v1; `:id` for the part that varies. */
export const clerkRoutes: Readonly<Record<string, (call: ClerkCall) => ClerkWire | readonly ClerkWire[]>> = {
  "GET /jwks": ({ state }) => state.jwks(),

  "POST /users": ({ state, body }) => {
    const emails = body["email_address"];
    const email: unknown = Array.isArray(emails) ? emails[0] : null;
    if (typeof email !== "string") throw new ClerkFailure(422, "form_param_missing", "email_address is missing");
    return userWire(
      createUser(state, email, { firstName: textOf(body["first_name"]), lastName: textOf(body["last_name"]) }),
    );
  },
  "GET /users": ({ state, query }) => {
    const [emails, ids] = [query.getAll("email_address"), query.getAll("user_id")];
    const found = [...state.users.values()].filter(
      ({ id, email }) => (emails.length === 0 || emails.includes(email)) && (ids.length === 0 || ids.includes(id)),
    );
    return pageOf(query, found).map(userWire);
  },
  "GET /users/count": ({ state }) => ({ object: "total_count", total_count: state.users.size }),
  "GET /users/:id": ({ state, id }) => userWire(needUser(state, id)),
  "PATCH /users/:id": ({ state, id, body }) => {
    const user = needUser(state, id);
    if ("first_name" in body) user.firstName = textOf(body["first_name"]);
    if ("last_name" in body) user.lastName = textOf(body["last_name"]);
    return changed(state, user);
  },
  "DELETE /users/:id": ({ state, id }) => {
    needUser(state, id);
    for (const session of state.sessions.values()) if (session.userId === id) endSession(state, session, "removed");
    state.users.delete(id);
    state.emit("user.deleted", deletedWire("user", id));
    return deletedWire("user", id);
  },
  "POST /users/:id/ban": ({ state, id }) => setBanned(state, id, true),
  "POST /users/:id/unban": ({ state, id }) => setBanned(state, id, false),
  "PATCH /users/:id/metadata": ({ state, id, body }) => {
    const user = needUser(state, id);
    const added = body["public_metadata"];
    user.publicMetadata = { ...user.publicMetadata, ...(typeof added === "object" ? added : {}) };
    return changed(state, user);
  },

  // Clerk offers it for tests alone: people get sessions by signing in.
  "POST /sessions": ({ state, body }) => sessionWire(createSession(state, textOf(body["user_id"]) ?? "")),
  "GET /sessions": ({ state, query }) => {
    const [userId, status] = [query.get("user_id"), query.get("status")];
    const found = [...state.sessions.values()].filter(
      (session) => (userId === null || session.userId === userId) && (status === null || session.status === status),
    );
    return pageOf(query, found).map(sessionWire);
  },
  "GET /sessions/:id": ({ state, id }) => sessionWire(needSession(state, id)),
  "POST /sessions/:id/revoke": ({ state, id }) => sessionWire(endSession(state, needSession(state, id), "revoked")),
  "POST /sessions/:id/tokens": ({ state, id }) => ({ object: "token", jwt: state.signToken(needSession(state, id)) }),
};

/** An id in the vendor's form: 27 base62 characters. */
function newClerkId(prefix: "user" | "sess" | "idn"): string {
  return `${prefix}_2${randomBytes(32)
    .toString("base64")
    .replaceAll(/[^0-9A-Za-z]/g, "x")
    .slice(0, 26)}`;
}

/** What happens when somebody signs up on the hosted page. */
export function createUser(
  state: ClerkState,
  email: string,
  names: Partial<Pick<ClerkUserRecord, "firstName" | "lastName">> = {},
): ClerkUserRecord {
  if ([...state.users.values()].some((user) => user.email === email))
    throw new ClerkFailure(422, "form_identifier_exists", "That email address is taken.");
  const nowMs = state.nowMs();
  const user: ClerkUserRecord = {
    id: newClerkId("user"),
    emailId: newClerkId("idn"),
    email,
    firstName: null,
    lastName: null,
    ...names,
    isBanned: false,
    publicMetadata: {},
    createdAtMs: nowMs,
    updatedAtMs: nowMs,
  };
  state.users.set(user.id, user);
  state.emit("user.created", userWire(user));
  return user;
}

/** What happens when somebody signs in on the hosted page. */
export function createSession(state: ClerkState, userId: string): ClerkSessionRecord {
  if (needUser(state, userId).isBanned) throw new ClerkFailure(422, "user_banned", "This user is banned.");
  const nowMs = state.nowMs();
  const session: ClerkSessionRecord = {
    id: newClerkId("sess"),
    userId,
    status: "active",
    createdAtMs: nowMs,
    updatedAtMs: nowMs,
    expiresAtMs: nowMs + WEEK_MS,
  };
  state.sessions.set(session.id, session);
  state.emit("session.created", sessionWire(session));
  return session;
}

export function endSession(
  state: ClerkState,
  session: ClerkSessionRecord,
  status: "revoked" | "ended" | "removed",
): ClerkSessionRecord {
  if (session.status !== "active") return session;
  session.status = status;
  session.updatedAtMs = state.nowMs();
  state.emit(`session.${status}`, sessionWire(session));
  return session;
}

function setBanned(state: ClerkState, id: string, isBanned: boolean): ClerkWire {
  const user = needUser(state, id);
  user.isBanned = isBanned;
  if (isBanned)
    for (const session of state.sessions.values()) if (session.userId === id) endSession(state, session, "revoked");
  return changed(state, user);
}

function changed(state: ClerkState, user: ClerkUserRecord): ClerkWire {
  user.updatedAtMs = state.nowMs();
  state.emit("user.updated", userWire(user));
  return userWire(user);
}

function needUser({ users }: ClerkState, id: string): ClerkUserRecord {
  const user = users.get(id);
  if (user === undefined) throw new ClerkFailure(404, "resource_not_found", `No user was found with id ${id}.`);
  return user;
}

function needSession({ sessions }: ClerkState, id: string): ClerkSessionRecord {
  const session = sessions.get(id);
  if (session === undefined) throw new ClerkFailure(404, "resource_not_found", `No session was found with id ${id}.`);
  return session;
}

function pageOf<Item>(query: URLSearchParams, items: readonly Item[]): Item[] {
  const offset = Number(query.get("offset") ?? 0);
  return items.toReversed().slice(offset, offset + Number(query.get("limit") ?? 10));
}

function textOf(value: unknown): string | null {
  return typeof value === "string" && value !== "" ? value : null;
}
