import { describe, expect, test } from "vitest";
import { parseAppTarget } from "./app-target.ts";

const TICKET = "t".repeat(43);

test.each(["/", "/index.html", "/img/a%20b.png", "/a/b/", "/a;v=1", "/%C3%A4"])("%s is a file", (path) => {
  expect(parseAppTarget(path)).toEqual({ kind: "file", path });
});

test("a query goes no further", () => {
  expect(parseAppTarget("/x?v=1&../..")).toEqual({ kind: "file", path: "/x" });
});

test("the platform's own addresses are known, in this spelling alone", () => {
  expect(parseAppTarget(`/.automna/enter?ticket=${TICKET}`)).toEqual({ kind: "enter", ticket: TICKET });
  expect(parseAppTarget("/.automna/password")).toEqual({ kind: "password" });
  for (const other of [
    "/.automna/enter",
    "/.automna/enter?ticket=short",
    `/.automna/enter?ticket=${TICKET}&ticket=x&`.replace("ticket=t", "ticket=%00t"),
    "/.Automna/password",
    "/.automna/password/",
    "/%2eautomna/password",
    "/.automna/other",
    "/.automna",
  ])
    expect(() => parseAppTarget(other), other).toThrow(/not well formed|nothing at this|temporarily unavailable/);
});

describe("is refused:", () => {
  test.each([
    "",
    "*",
    "index.html",
    "http://other/",
    "//other/x",
    "/a//b",
    "/..",
    "/a/../b",
    "/a/./b",
    "/..;/x",
    "/%2e%2e/x",
    "/a%2fb",
    "/a%5cb",
    "/a\\b",
    "/a%00b",
    "/a%0d%0ab",
    "/%252e%252e/x",
    "/%c0%ae%c0%ae/x",
    "/%ef%bc%8e%ef%bc%8e/x",
    "/%zz",
    "/ä",
    "/a b",
    "/a#b",
    "/.git/config",
    "/.env",
    "/a/.htpasswd",
    "/%2Egit/config",
    `/${"a".repeat(5_000)}`,
  ])("%s", (raw) => {
    expect(() => parseAppTarget(raw)).toThrow(/not well formed|nothing at this|temporarily unavailable/);
  });
});
