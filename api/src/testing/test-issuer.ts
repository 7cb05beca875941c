import { createPrivateKey, generateKeyPairSync } from "node:crypto";
import type { LocalIssuer } from "../identity/local/local-handlers.ts";
import { signSessionToken, type TokenSubject } from "../identity/local/sign-session-token.ts";

/** A local issuer with keys of its own. */
export interface TestIssuer extends LocalIssuer {
  /** PEM of the public key, for the verifier. */
  jwtKey: string;
  sign: (subject: Partial<TokenSubject> & { origin: string }, now: number) => string;
}

export function makeTestIssuer(): TestIssuer {
  const { privateKey, publicKey } = generateKeyPairSync("rsa", {
    modulusLength: 2048,
    privateKeyEncoding: { type: "pkcs8", format: "pem" },
    publicKeyEncoding: { type: "spki", format: "pem" },
  });
  const signingKey = createPrivateKey(privateKey);
  const sessionIssuer = "automna-test";
  return {
    signingKey,
    sessionIssuer,
    startKey: "a start key of the tests, long enough",
    operators: ["operator@example.com"],
    jwtKey: publicKey,
    sign(
      {
        origin,
        userId = "user_00000000000000000000",
        sessionId = "sess_00000000000000000000",
        sessionExpiresAtMs = now24h(),
        role = "customer",
      },
      now,
    ) {
      return signSessionToken(
        { signingKey, sessionIssuer, origin },
        { userId, sessionId, sessionExpiresAtMs, role },
        now,
      ).token;
    },
  };
}

function now24h(): number {
  return Date.now() + 86_400_000;
}
