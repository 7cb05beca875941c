import { expect, test } from "vitest";
import { contentSecurityPolicy } from "./security-headers.ts";

const directive = (policy: string, name: string) => policy.split("; ").find((line) => line.startsWith(`${name} `));

test("without Clerk a page reaches its own origin alone", () => {
  const policy = contentSecurityPolicy("abc");
  expect(policy).not.toMatch(/https?:/);
  expect(directive(policy, "frame-src")).toBe("frame-src 'none'");
});

test("with Clerk a page reaches its frontend too, and scripts still run by nonce alone", () => {
  const policy = contentSecurityPolicy("abc", "https://clerk.automna.example");
  expect(directive(policy, "connect-src")).toBe("connect-src 'self' https://clerk.automna.example");
  expect(directive(policy, "script-src")).toBe("script-src 'nonce-abc' 'strict-dynamic'");
});
