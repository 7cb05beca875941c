import { describe, expect, test } from "vitest";
import { makeHostParser } from "./host-name.ts";

const parse = makeHostParser("https://apps.example");
const parseWithPort = makeHostParser("http://apps.localhost:4600");

test("an app's host is read into its words", () => {
  expect(parse("garden-plan--ada.apps.example")).toEqual({
    name: "garden-plan",
    handle: "ada",
    label: "garden-plan--ada",
    origin: "https://garden-plan--ada.apps.example",
  });
  expect(parseWithPort("shop--ada.apps.localhost:4600")?.origin).toBe("http://shop--ada.apps.localhost:4600");
});

describe("is nobody's host:", () => {
  test.each([
    ["nothing", undefined],
    ["an empty one", ""],
    ["the domain itself", "apps.example"],
    ["another domain", "shop--ada.other.example"],
    ["a domain that ends like ours", "shop--ada.myapps.example"],
    ["ours as the beginning of another", "shop--ada.apps.example.evil.example"],
    ["a deeper name", "x.shop--ada.apps.example"],
    ["capitals", "Shop--ada.apps.example"],
    ["capitals in the domain", "shop--ada.APPS.example"],
    ["a dot at the end", "shop--ada.apps.example."],
    ["two dots", "shop--ada..apps.example"],
    ["the default port", "shop--ada.apps.example:443"],
    ["another port", "shop--ada.apps.example:8080"],
    ["an empty port", "shop--ada.apps.example:"],
    ["a user", "user@shop--ada.apps.example"],
    ["an internationalised name", "xn--ada.apps.example"],
    ["an internationalised name of two words", "xn--shop--ada.apps.example"],
    ["a letter beyond ASCII", "shöp--ada.apps.example"],
    ["a full-width letter", "ｓhop--ada.apps.example"],
    ["a label that is too long", `${"a".repeat(33)}--ada.apps.example`],
    ["a handle that is too long", `shop--${"a".repeat(30)}.apps.example`],
    ["a handle that is too short", "shop--ad.apps.example"],
    ["one dash", "shop-ada.apps.example"],
    ["three words", "shop--ada--bert.apps.example"],
    ["three dashes", "shop---ada.apps.example"],
    ["no app", "--ada.apps.example"],
    ["no handle", "shop--.apps.example"],
    ["an address", "127.0.0.1"],
    ["an address in brackets", "[::1]"],
    ["an underscore", "shop_x--ada.apps.example"],
    ["an escape", "shop%2d--ada.apps.example"],
    ["a space", "shop--ada.apps.example "],
    ["a tab in front", "\tshop--ada.apps.example"],
    ["two hosts", "shop--ada.apps.example, shop--bert.apps.example"],
    ["a path", "shop--ada.apps.example/x"],
  ])("%s", (_what, header) => {
    expect(parse(header)).toBeNull();
  });

  test("without the port that ours has, or with another", () => {
    for (const header of [
      "shop--ada.apps.localhost",
      "shop--ada.apps.localhost:4601",
      "shop--ada.apps.localhost:04600",
    ])
      expect(parseWithPort(header)).toBeNull();
  });
});
