import { expect, test } from "vitest";
import { parseAppPath } from "./find-app-file.ts";

test.each([
  ["/", [""]],
  ["/index.html", ["index.html"]],
  ["/img/a%20b.png", ["img", "a b.png"]],
  ["/docs/", ["docs", ""]],
  ["/%C3%A4/x", ["ä", "x"]],
])("%s leads to %j", (path, names) => {
  expect(parseAppPath(path)).toEqual(names);
});

test.each([
  "/..",
  "/../x",
  "/a/../../x",
  "/%2e%2e/x",
  "/.git/config",
  "/a/.env",
  "/%2eenv",
  "/a%2fb",
  "/a%5cb",
  "/a\\b",
  "/a%00",
  "/a//b",
  "//a",
  "/%",
  "/%ff",
])("%s leads nowhere", (path) => {
  expect(parseAppPath(path)).toBeNull();
});
