import { createSign, generateKeyPairSync } from "node:crypto";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { makeSessionVerifier } from "./session-verifier.ts";

const { privateKey, publicKey } = generateKeyPairSync("rsa", { modulusLength: 2048 });
const stranger = generateKeyPairSync("rsa", { modulusLength: 2048 });
const origin = "http://localhost:4600";
const nowSeconds = () => Math.floor(Date.now() / 1_000);
const encode = (value: unknown) => Buffer.from(JSON.stringify(value)).toString("base64url");

function tokenWith(
  over: Record<string, unknown> = {},
  key = privateKey,
  header: Record<string, unknown> = { alg: "RS256", typ: "JWT" },
): string {
  const claims = {
    sub: "user_00000001",
    sid: "sess_1",
    iss: "local",
    azp: origin,
    iat: nowSeconds(),
    nbf: nowSeconds() - 1,
    exp: nowSeconds() + 300,
    v: 2,
    ...over,
  };
  const text = `${encode(header)}.${encode(claims)}`;
  return `${text}.${createSign("RSA-SHA256").update(text).sign(key).toString("base64url")}`;
}

const make = (now = Date.now, operatorOrganization: string | null = null) =>
  makeSessionVerifier({
    operatorOrganization,
    jwtKey: publicKey.export({ type: "spki", format: "pem" }).toString(),
    issuer: "local",
    authorizedParties: [origin],
    now,
  });

const fetchTrap = vi.fn(() => Promise.reject(new Error("a verifier must not use the network")));
beforeEach(() => vi.stubGlobal("fetch", fetchTrap));
afterEach(() => {
  expect(fetchTrap).not.toHaveBeenCalled();
  vi.unstubAllGlobals();
});

test("accepts a good token, twice, without asking anybody", async () => {
  const verifier = make();
  const token = tokenWith();
  await expect(verifier.verify(token)).resolves.toMatchObject({ sub: "user_00000001", sid: "sess_1" });
  await expect(verifier.verify(token)).resolves.toMatchObject({ sub: "user_00000001" });
});

test.each([
  ["another key", () => tokenWith({}, stranger.privateKey)],
  ["another issuer", () => tokenWith({ iss: "https://evil.example" })],
  ["another origin", () => tokenWith({ azp: "https://evil.example" })],
  ["no origin", () => tokenWith({ azp: undefined })],
  ["no subject", () => tokenWith({ sub: undefined })],
  ["no signature", () => tokenWith().replace(/[^.]*$/, "")],
  ["algorithm none", () => `${encode({ alg: "none" })}.${tokenWith().split(".")[1] ?? ""}.`],
  ["not yet valid", () => tokenWith({ nbf: nowSeconds() + 3_600 })],
  ["rubbish", () => "rubbish"],
])("refuses a token with %s", async (_, token) => {
  await expect(make().verify(token())).rejects.toMatchObject({ code: "not_signed_in" });
});

test("says that a session has expired, also for a token it knew", async () => {
  await expect(make().verify(tokenWith({ exp: nowSeconds() - 60, iat: nowSeconds() - 400 }))).rejects.toMatchObject({
    code: "session_expired",
  });
  let now = Date.now();
  const verifier = make(() => now);
  const token = tokenWith();
  await verifier.verify(token);
  now += 400_000;
  await expect(verifier.verify(token)).rejects.toMatchObject({ code: "session_expired" });
});

test.each([
  ["public metadata of an operator", { metadata: { role: "operator" } }, "operator"],
  ["public metadata of somebody else", { metadata: { role: "admin", color: "red" } }, "customer"],
  ["a role of its own making", { role: "operator" }, "customer"],
  ["the operators' organization", { o: { id: "org_ours", rol: "operator" } }, "operator"],
  ["an admin of the operators' organization", { o: { id: "org_ours", rol: "admin" } }, "operator"],
  ["a mere member of it", { o: { id: "org_ours", rol: "member" } }, "customer"],
  ["an organization that somebody made", { o: { id: "org_theirs", rol: "admin" } }, "customer"],
  ["rubbish", { metadata: "operator", o: ["org_ours", "operator"] }, "customer"],
  ["nothing", {}, "customer"],
])("reads the role from %s", async (_, claims, role) => {
  await expect(make(Date.now, "org_ours").verify(tokenWith(claims))).resolves.toMatchObject({ role });
});

test("no organization makes operators unless one is named", async () => {
  const token = tokenWith({ o: { id: "null", rol: "operator" } });
  await expect(make().verify(token)).resolves.toMatchObject({ role: "customer" });
});
