import { describe, expect, test } from "vitest";
import { choosePassage, type Passage } from "./gate.ts";

const keys = { ingress: "ingress-key", control: "control-key", apps: "apps-key" };
const choose = (method: string, target: string, internalHeader?: string): Passage =>
  choosePassage({ method, target, internalHeader }, keys);
const refused = (code: string) => ({ kind: "refused", code });

describe("the gate", () => {
  test.each([
    ["GET", "/"],
    ["GET", "/ws"],
    ["POST", "/v1/chat/completions"],
    ["GET", "/healthz/x"],
    ["GET", "/startupz"],
    ["POST", "/agentd/abort"],
    ["PUT", "/_automna/claim"],
    ["PUT", "/_automna/prepare"],
    ["GET", "/_automna/status"],
    ["GET", "/_automna/anything"],
    ["GET", "/agentd/app-list"],
    ["GET", "/agentd/apps/shop/"],
  ])("lets nobody through to %s %s without a key, or with a wrong one", (method, target) => {
    for (const given of [undefined, "", "wrong", "ingress-key, ingress-key", "ingress-ke"]) {
      expect(choose(method, target, given)).toEqual(refused("internal_header_invalid"));
    }
  });

  test("opens the gateway to the ingress key and only to it", () => {
    expect(choose("GET", "/ws?x=1", "ingress-key")).toEqual({ kind: "gateway", target: "/ws?x=1" });
    expect(choose("GET", "/ws", "control-key")).toEqual(refused("internal_header_invalid"));
    expect(choose("POST", "/agentd/abort", "ingress-key")).toEqual({ kind: "abort" });
  });

  test("opens control to the control key and only to it", () => {
    expect(choose("PUT", "/_automna/claim", "control-key")).toEqual({ kind: "claim" });
    expect(choose("PUT", "/_automna/prepare", "control-key")).toEqual({ kind: "prepare" });
    expect(choose("GET", "/_automna/status", "control-key")).toEqual({ kind: "status" });
    for (const path of ["/_automna/claim", "/_automna/prepare"])
      expect(choose("PUT", path, "ingress-key")).toEqual(refused("internal_header_invalid"));
    expect(choose("POST", "/_automna/claim", "control-key")).toEqual(refused("method_not_allowed"));
    expect(choose("GET", "/_automna/other", "control-key")).toEqual(refused("not_found"));
  });

  test("opens published files to the apps key and only to it, and that key opens nothing else", () => {
    expect(choose("GET", "/agentd/apps/shop/img/a.png?v=1", "apps-key")).toEqual({
      kind: "app",
      name: "shop",
      path: "/img/a.png",
    });
    for (const other of ["ingress-key", "control-key"])
      expect(choose("GET", "/agentd/apps/shop/", other)).toEqual(refused("internal_header_invalid"));
    for (const [method, target] of [
      ["GET", "/ws"],
      ["GET", "/agentd/app-list"],
      ["POST", "/agentd/abort"],
      ["GET", "/_automna/status"],
    ] as const)
      expect(choose(method, target, "apps-key")).toEqual(refused("internal_header_invalid"));
    expect(choose("GET", "/agentd/app-list", "ingress-key")).toEqual({ kind: "app-list" });
    expect(choose("POST", "/agentd/apps/shop/", "apps-key")).toEqual(refused("method_not_allowed"));
  });

  test.each(["", "/", "shop", "../", "Shop/", ".git/", "a--b/", "%2e%2e/"])("knows no app %j", (rest) => {
    expect(choose("GET", `/agentd/apps/${rest}`, "apps-key")).toEqual(refused("not_found"));
  });

  test("answers /healthz to everybody, and proves itself only for a nonce of the right form", () => {
    const nonce = "ab".repeat(16);
    expect(choose("GET", "/healthz")).toEqual({ kind: "health", nonce: null });
    expect(choose("GET", `/healthz?nonce=${nonce}`)).toEqual({ kind: "health", nonce });
    expect(choose("GET", "/healthz?nonce=short")).toEqual(refused("invalid_request"));
    expect(choose("GET", `/healthz?nonce=${"ab".repeat(65)}`)).toEqual(refused("invalid_request"));
    expect(choose("POST", "/healthz")).toEqual(refused("method_not_allowed"));
  });

  test.each(["http://other/healthz", "//other/healthz", "*", "", "healthz"])("refuses the target %o", (target) => {
    expect(choose("GET", target, "ingress-key")).toEqual(refused("bad_path"));
  });

  test("does not take another spelling of a control path for one", () => {
    expect(choose("PUT", "/%5fautomna/claim", "control-key")).toEqual(refused("internal_header_invalid"));
  });
});
