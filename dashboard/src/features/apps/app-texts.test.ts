import type { AppList, AppView } from "@automna/contract/apps";
import { describe, expect, test } from "vitest";
import { appState, shownAddress, staleNotice, visibilityText } from "./app-texts.ts";

const app: AppView = {
  name: "shop",
  kind: "static",
  problem: null,
  url: "http://shop--ada.apps.localhost:4600/",
  isOn: true,
  visibility: "public",
  hasPassword: false,
};
const list: AppList = { handle: "ada", apps: [app], askedAtMs: 1, isCurrent: true };

describe("an app's state", () => {
  test("is online when it can be opened", () => expect(appState(app)).toMatchObject({ word: "Online", detail: null }));
  test("is off when its owner says so, whatever else is wrong", () =>
    expect(appState({ ...app, isOn: false, problem: "no_index" }).word).toBe("Off"));
  test("says what is missing", () => {
    expect(appState({ ...app, problem: "no_index" }).detail).toContain("index.html");
    expect(appState({ ...app, kind: "process", problem: "process_not_supported" }).detail).toContain(
      "not supported yet",
    );
  });
});

test("an address is read out without its scheme", () =>
  expect(shownAddress(app.url)).toBe("shop--ada.apps.localhost:4600"));

test("every visibility says who can open it", () => {
  for (const visibility of ["public", "password", "private"] as const)
    expect(visibilityText(visibility)).toMatch(/open it/);
});

describe("an old list", () => {
  test("says nothing while the agent confirms it", () => expect(staleNotice(list, "ready")).toBeNull());
  test("says that a sleeping agent's apps sleep", () =>
    expect(staleNotice({ ...list, isCurrent: false }, "asleep")).toMatchObject({
      title: expect.stringContaining("asleep"),
      text: expect.stringContaining("last asked"),
    }));
  test("does not speak of a list that never was", () =>
    expect(staleNotice({ ...list, isCurrent: false, askedAtMs: null }, "starting")?.text).not.toContain("last asked"));
});
