import { createSign, generateKeyPairSync } from "node:crypto";

/** An issuer of Clerk-shaped session tokens for tests. */
export interface TestIssuer {
  publicKey: string;
  issuer: string;
  origin: string;
  token: (claims: { sub: string; sid: string } & Partial<TokenTimes> & { iss?: string; azp?: string }) => string;
}

interface TokenTimes {
  iat: number;
  exp: number;
}

export function makeTestIssuer(origin = "http://automna.test"): TestIssuer {
  const { publicKey, privateKey } = generateKeyPairSync("rsa", { modulusLength: 2048 });
  const issuer = "http://issuer.test";
  const encode = (value: unknown) => Buffer.from(JSON.stringify(value)).toString("base64url");
  return {
    publicKey: publicKey.export({ type: "spki", format: "pem" }).toString(),
    issuer,
    origin,
    token(claims) {
      const nowS = Math.floor(Date.now() / 1_000);
      const payload = { iss: issuer, azp: origin, iat: nowS, nbf: nowS - 1, exp: nowS + 300, v: 2, ...claims };
      const content = `${encode({ alg: "RS256", typ: "JWT", kid: "test" })}.${encode(payload)}`;
      return `${content}.${createSign("RSA-SHA256").update(content).sign(privateKey, "base64url")}`;
    },
  };
}
