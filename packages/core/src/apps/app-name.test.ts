import { describe, expect, test } from "vitest";
import { appLabel, isAppName, isHandle, parseAppLabel, suggestHandle } from "./app-name.ts";

describe("an app's name", () => {
  test.each(["a", "shop", "my-shop", "2048", "a".repeat(32)])("may be %s", (name) => {
    expect(isAppName(name)).toBe(true);
  });
  test.each(["", "-a", "a-", "a--b", "A", "xn", "a_b", "a.b", "ä", "a b", "a/b", "..", ".git", "a".repeat(33)])(
    "can't be %j",
    (name) => {
      expect(isAppName(name)).toBe(false);
    },
  );
});

describe("a label", () => {
  test("is read back as it was made, whatever dashes its words have", () => {
    for (const name of ["a", "a-b", "x1-2-3"])
      for (const handle of ["ada", "ada-l", "n-a-m-e"])
        expect(parseAppLabel(appLabel(name, handle))).toEqual({ name, handle });
  });
  test.each(["shop", "shop-ada", "--ada", "shop--", "shop--ad", "shop---ada", "a--b--ada", "xn--ada", "Shop--ada"])(
    "%s is none",
    (label) => {
      expect(parseAppLabel(label)).toBeNull();
    },
  );
  test("is never longer than DNS allows", () => {
    expect(appLabel("a".repeat(32), "b".repeat(29))).toHaveLength(63);
  });
});

describe("a suggested handle", () => {
  test.each([
    ["Ada Lovelace", "", "ada-lovelace"],
    ["Ada Lovelace", "7k2m", "ada-lovelace-7k2m"],
    ["Žofia  O'Brien!", "", "zofia-o-brien"],
    ["李", "7k2m", "agent-7k2m"],
    ["", "", "agent-one"],
    ["Admin", "7k2m", "agent-7k2m"],
  ])("of %j with %j is %s", (name, suffix, handle) => {
    expect(suggestHandle(name, suffix)).toBe(handle);
  });
  test("is a handle for any name", () => {
    for (const name of ["x".repeat(80), "a b".repeat(30), "--", "ß", "api", "Jo", "1"])
      for (const suffix of ["", "7k2m2"]) expect(isHandle(suggestHandle(name, suffix)), name).toBe(true);
  });
});
