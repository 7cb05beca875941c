import { describe, expect, test } from "vitest";
import { judgeModelCall } from "./model-port.ts";

const call = (method: string, url: string, headers: Record<string, string>) =>
  judgeModelCall({ method, url, headers }, "token");

describe("the model port", () => {
  test.each([{}, { "x-api-key": "wrong" }, { authorization: "Bearer wrong" }, { authorization: "token" }])(
    "refuses a call without its token: %o",
    (headers) => {
      expect(call("POST", "/v1/messages", headers as Record<string, string>)?.status).toBe(401);
    },
  );

  test("takes the token as either of the provider's headers", () => {
    expect(call("POST", "/v1/messages", { "x-api-key": "token" })).toBeNull();
    expect(call("GET", "/v1/models?limit=1", { authorization: "Bearer token" })).toBeNull();
  });

  test.each([
    ["POST", "/"],
    ["POST", "/v1/../admin"],
    ["DELETE", "/v1/messages"],
    ["POST", "//egress/v1/messages"],
    ["GET", "/v1/%2e%2e/x"],
    ["GET", "/healthz"],
  ])("knows no call %s %s", (method, url) => {
    expect(call(method, url, { "x-api-key": "token" })?.status).toBe(404);
  });
});
