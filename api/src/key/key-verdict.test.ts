import { expect, test } from "vitest";
import { keyForm } from "./key-form.ts";
import { keyVerdict } from "./key-verdict.ts";

const failure = (type: string) => ({ type: "error", error: { type, message: "x" } });

test("only a list of models makes a key valid", () => {
  expect(keyVerdict(200, { data: [] })).toBe("valid");
  expect(keyVerdict(200, null)).toBe("provider_unreachable");
  expect(keyVerdict(200, { login: "hotel" })).toBe("provider_unreachable");
});

test("what the provider says of the key is told apart from the provider's own trouble", () => {
  expect(keyVerdict(401, failure("authentication_error"))).toBe("key_invalid");
  expect(keyVerdict(403, failure("permission_error"))).toBe("key_invalid");
  expect(keyVerdict(402, null)).toBe("key_limited");
  expect(keyVerdict(429, failure("rate_limit_error"))).toBe("key_limited");
  expect(keyVerdict(400, failure("billing_error"))).toBe("key_limited");
  for (const status of [302, 404, 500, 503, 529]) expect(keyVerdict(status, null)).toBe("provider_unreachable");
});

test("subscription tokens and unprintable text are known by their form", () => {
  expect(keyForm("sk-ant-oat01-abcdefghijklmnop")).toBe("subscription");
  expect(keyForm("sk-ant-ort01-abcdefghijklmnop")).toBe("subscription");
  expect(keyForm("sk-ant-api03-abcdefghijklmnop")).toBe("plausible");
  expect(keyForm("sk-ant-api03-abc\r\nx-evil: 1")).toBe("malformed");
});
