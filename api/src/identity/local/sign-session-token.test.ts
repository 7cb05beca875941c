import { SESSION_TOKEN_SECONDS } from "@automna/contract/identity";
import { makeSessionVerifier } from "@automna/service-kit/session-verifier";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { makeTestIssuer } from "../../testing/test-issuer.ts";

const origin = "http://localhost:4600";
const issuer = makeTestIssuer();
const other = makeTestIssuer();
const verifier = makeSessionVerifier({
  jwtKey: issuer.jwtKey,
  issuer: issuer.sessionIssuer,
  authorizedParties: [origin],
  now: Date.now,
});
const fetchSpy = vi.fn(() => Promise.reject(new Error("no network in this test")));

beforeEach(() => vi.stubGlobal("fetch", fetchSpy));
afterEach(() => {
  expect(fetchSpy, "the verifier asked the network").not.toHaveBeenCalled();
  vi.unstubAllGlobals();
});

test("a token that we sign is one that the platform's verifier reads, without the network", async () => {
  const now = Date.now();
  const claims = await verifier.verify(issuer.sign({ origin, userId: "user_abcdefgh", sessionId: "sess_1" }, now));
  expect(claims).toMatchObject({ sub: "user_abcdefgh", sid: "sess_1", iss: issuer.sessionIssuer, azp: origin });
  expect(claims.exp - claims.iat).toBe(SESSION_TOKEN_SECONDS);
});

test("a token never outlives its session", async () => {
  const now = Date.now();
  const claims = await verifier.verify(issuer.sign({ origin, sessionExpiresAtMs: now + 60_000 }, now));
  expect(claims.exp).toBeLessThanOrEqual(Math.floor(now / 1_000) + 60);
});

test("expired, for another origin, by another key, changed and unsigned tokens are refused", async () => {
  const now = Date.now();
  await expect(verifier.verify(issuer.sign({ origin }, now - 400_000))).rejects.toMatchObject({
    code: "session_expired",
  });
  const good = issuer.sign({ origin }, now);
  const [head = "", body = "", signature = ""] = good.split(".");
  const claims = JSON.parse(Buffer.from(body, "base64url").toString()) as object;
  const encode = (value: object) => Buffer.from(JSON.stringify(value)).toString("base64url");
  const bad = {
    "another origin": issuer.sign({ origin: "https://evil.example" }, now),
    "another key": other.sign({ origin }, now),
    "changed claims": `${head}.${encode({ ...claims, sub: "user_somebodyelse" })}.${signature}`,
    "no signature": `${encode({ alg: "none", typ: "JWT" })}.${body}.`,
    "HMAC with the public key": `${encode({ alg: "HS256", typ: "JWT" })}.${body}.${signature}`,
    "not a token": "nonsense",
  };
  for (const [name, token] of Object.entries(bad)) {
    await expect(verifier.verify(token), name).rejects.toMatchObject({ code: "not_signed_in" });
  }
});

test("an issuer of another name is refused although the key fits", async () => {
  const strict = makeSessionVerifier({
    jwtKey: issuer.jwtKey,
    issuer: "somebody-else",
    authorizedParties: [origin],
    now: Date.now,
  });
  await expect(strict.verify(issuer.sign({ origin }, Date.now()))).rejects.toMatchObject({ code: "not_signed_in" });
});
