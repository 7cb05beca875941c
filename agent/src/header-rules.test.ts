import { describe, expect, test } from "vitest";
import { customerResponseHeaders, gatewayRequestHeaders } from "./header-rules.ts";

const GATE = "x-automna-gate-abc";

describe("headers to the gateway", () => {
  test("carry agentd's own identity whatever the customer claims", () => {
    const headers = gatewayRequestHeaders(
      {
        host: "automna.test",
        origin: "https://evil.test",
        cookie: "__session=1",
        authorization: "Bearer x",
        forwarded: "for=127.0.0.1",
        "x-forwarded-for": "127.0.0.1",
        "x-forwarded-user": "admin",
        "x-real-ip": "127.0.0.1",
        "x-automna-internal": "key",
        "x-automna-owner": "someone",
        "x-automna-gate-guess": "1",
        "x-openclaw-scopes": "operator.admin",
        "cf-connecting-ip": "203.0.113.9",
        accept: "application/json",
      },
      GATE,
    );
    expect(headers).toEqual({
      accept: "application/json",
      origin: "https://agent.automna.internal",
      "x-automna-owner": "owner",
      [GATE]: "1",
      "x-forwarded-for": "192.0.2.1",
      "x-openclaw-scopes": "operator.read,operator.write,operator.approvals,operator.questions",
    });
  });

  test("leave out what belongs to one connection, also what Connection names", () => {
    const headers = gatewayRequestHeaders(
      {
        connection: "keep-alive, X-Once",
        "keep-alive": "1",
        "x-once": "1",
        "transfer-encoding": "chunked",
        te: "trailers",
        upgrade: "h2c",
        range: "bytes=0-1",
      },
      GATE,
    );
    expect(Object.keys(headers).toSorted()).toEqual(
      ["origin", "range", GATE, "x-automna-owner", "x-forwarded-for", "x-openclaw-scopes"].toSorted(),
    );
  });

  test("keep what a WebSocket handshake needs", () => {
    const handshake = {
      "sec-websocket-key": "k",
      "sec-websocket-version": "13",
      "sec-websocket-protocol": "p",
      "sec-websocket-extensions": "permessage-deflate",
    };
    expect(gatewayRequestHeaders(handshake, GATE)).toMatchObject(handshake);
  });
});

test("headers from the gateway bring no cookie and nothing of ours", () => {
  expect(
    customerResponseHeaders({
      "set-cookie": ["a=1"],
      "x-automna-internal": "k",
      connection: "close",
      etag: "1",
      vary: "accept",
    }),
  ).toEqual({ etag: "1", vary: "accept" });
});
