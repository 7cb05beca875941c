import type { AppRecord } from "@automna/records/apps";
import { describe, expect, test } from "vitest";
import type { AppSite } from "./sites.ts";
import { judgeVisit, type Visitor } from "./visibility.ts";

const everybody: readonly Visitor[] = ["anybody", "with password", "owner"];
const app = (overrides: Partial<AppRecord> = {}): AppRecord => ({
  name: "shop",
  isOn: true,
  visibility: "public",
  passwordHash: null,
  isPresent: true,
  ...overrides,
});
const site = (apps: AppRecord[], overrides: Partial<AppSite> = {}): AppSite => ({
  userId: "user_0123456789",
  userState: "active",
  agentId: "agt_1",
  phase: "ready",
  backend: null,
  apps,
  ...overrides,
});
const kinds = (of: AppSite | null) => everybody.map((visitor) => judgeVisit(of, "shop", visitor).kind);

describe("a visit", () => {
  test("to a public app is everybody's", () => {
    expect(kinds(site([app()]))).toEqual(["serve", "serve", "serve"]);
    expect(judgeVisit(site([app()]), "shop", "anybody")).toMatchObject({ isPublic: true, isKnown: true });
  });
  test("to an app with a password is asked for it, but for those who have shown it and the owner", () => {
    const locked = site([app({ visibility: "password", passwordHash: "hash" })]);
    expect(kinds(locked)).toEqual(["ask password", "serve", "serve"]);
    expect(judgeVisit(locked, "shop", "with password")).toMatchObject({ isPublic: false });
  });
  test("to a private app is the owner's alone, and an old password opens nothing", () => {
    expect(kinds(site([app({ visibility: "private", passwordHash: "hash" })]))).toEqual(["hidden", "hidden", "serve"]);
  });
  test("to an app that is off is nobody's", () => {
    for (const visibility of ["public", "password", "private"] as const)
      expect(kinds(site([app({ visibility, passwordHash: "hash", isOn: false })]))).toEqual([
        "hidden",
        "hidden",
        "hidden",
      ]);
  });
  test("to an app that nobody has looked at yet is open, if the agent has it", () => {
    expect(judgeVisit(site([]), "shop", "anybody")).toEqual({ kind: "serve", isPublic: true, isKnown: false });
  });
  test("never asks for a password that does not exist, nor for an app that is gone", () => {
    expect(kinds(site([app({ visibility: "password" })]))[0]).toBe("hidden");
    expect(kinds(site([app({ visibility: "password", passwordHash: "hash", isPresent: false })]))[0]).toBe("hidden");
  });
  test.each([
    ["nobody's handle", null],
    ["a suspended user", site([app()], { userState: "suspended" })],
    ["a deleted user", site([app()], { userState: "deleted" })],
    ["an agent that is being deleted", site([app()], { phase: "deleting" })],
  ])("to %s is nobody's", (_what, of) => {
    expect(kinds(of)).toEqual(["hidden", "hidden", "hidden"]);
  });
});
