import { isAppError } from "@automna/core/shared/app-error";
import { expect, test } from "vitest";
import { parseRequestTarget } from "./request-target.ts";

const user = "user_2abcDEF34567890ghijkl";

test.each([
  ["", "/"],
  ["/", "/"],
  ["?x=1", "/?x=1"],
  ["/ws", "/ws"],
  ["/chat", "/chat"],
  ["/files/a.txt", "/files/a.txt"],
  ["/files/.hidden", "/files/.hidden"],
  ["/files/...", "/files/..."],
  ["/files/a..b", "/files/a..b"],
  ["/files/a.", "/files/a."],
  ["/files/", "/files/"],
  ["/files/a%20b", "/files/a%20b"],
  ["/files/%C3%A9t%C3%A9", "/files/%C3%A9t%C3%A9"],
  ["/files/%E2%9C%93", "/files/%E2%9C%93"],
  ["/files/a;v=1", "/files/a;v=1"],
  ["/files/a%3Fb", "/files/a%3Fb"],
  ["/x?path=..%2F..%2Fetc&n=%00", "/x?path=..%2F..%2Fetc&n=%00"],
  ["/x?u=http://a/b//c", "/x?u=http://a/b//c"],
  ['/x?json={"a"', null],
  ["/x?a[]={1}|2^3`", "/x?a[]={1}|2^3`"],
  ["/x?", "/x?"],
  ["/healthz", "/healthz"],
  ["/healthz-report?x=1", "/healthz-report?x=1"],
  ["/files/_automna/x", "/files/_automna/x"],
  ["/a/other", "/a/other"],
  [`/a/${user}/x`, `/a/${user}/x`],
  ["/@scope/~user/$1!'()*+,=:&", "/@scope/~user/$1!'()*+,=:&"],
] as const)("a target ending in %j is forwarded as %j", (end, rest) => {
  const parse = () => parseRequestTarget(`/a/${user}${end}`);
  if (rest === null) expect(parse).toThrow("not well formed");
  else expect(parse()).toMatchObject({ userId: user, rest });
});

const a = `/a/${user}`;
test.each([
  // other forms of target
  `http://host${a}/x`,
  `HTTP://host${a}`,
  `//host${a}`,
  `host:443`,
  "*",
  "",
  " ",
  `${a} /x`,
  `x${a}`,
  `a/${user}`,
  // no prefix, or one that only looks like it
  "/",
  "/a",
  "/a/",
  "/a//",
  "/b/x",
  `/A/${user}/x`,
  `/%61/${user}/x`,
  `/./a/${user}`,
  `//a/${user}`,
  `/a/./${user}/x`,
  `/a/../a/${user}/x`,
  `/a/user_short`,
  `/a/${user}%2fx`,
  `/a/${user};x/y`,
  `/a/${user}%00`,
  `/a/USER_2abcDEF34567890ghijkl/x`,
  `/a/x${user}`,
  `/a/${user}.`,
  `/a/user_${"a".repeat(90)}/x`,
  // dot segments
  `${a}/..`,
  `${a}/../x`,
  `${a}/./x`,
  `${a}/.`,
  `${a}/x/..`,
  `${a}/x/../../y`,
  `${a}/..;/x`,
  `${a}/.;a/x`,
  `${a}/..;`,
  `${a}/..?x`,
  // empty segments that only their parameters hide: gone, they leave `//`
  `${a}/;/x`,
  `${a}/;a=b/_automna/status`,
  `${a}/x/;`,
  `${a}/%3b/_automna/status`,
  // the same, encoded
  `${a}/%2e%2e/x`,
  `${a}/%2E%2E/x`,
  `${a}/.%2e/x`,
  `${a}/%2e./x`,
  `${a}/%2e/x`,
  `${a}/%252e%252e/x`,
  `${a}/%25%32%65/x`,
  `${a}/x%2f..%2fy`,
  `${a}/%2F`,
  `${a}/a%5cb`,
  `${a}/a%5Cb`,
  `${a}/%c0%ae%c0%ae/x`,
  `${a}/%e0%80%ae/x`,
  `${a}/%c0%af`,
  `${a}/%ef%bc%8e%ef%bc%8e/x`,
  `${a}/x%ef%bc%8fy`,
  `${a}/%ef%bc%bc`,
  // a percent sign in disguise, for whoever normalises and then decodes
  `${a}/%ef%bc%852e%ef%bc%852e/x`,
  `${a}/%ef%b9%aa2fx`,
  `${a}/%u002e%u002e/x`,
  // separators and control characters
  `${a}//`,
  `${a}//x`,
  `${a}/x//y`,
  `${a}\\x`,
  `${a}/x\\..\\y`,
  `${a}/x\ty`,
  `${a}/x\u0000`,
  `${a}/%00`,
  `${a}/x%0d%0aset-cookie:a`,
  `${a}/%7f`,
  `${a}/%1b`,
  `${a}/\u00e9`,
  `${a}/x\u2028`,
  `${a}/%c2%85`,
  // malformed escapes and fragments
  `${a}/%`,
  `${a}/%2`,
  `${a}/%zz`,
  `${a}/%ff`,
  `${a}/%c3`,
  `${a}/x#y`,
  `${a}/x?y#z`,
  `${a}/<script>`,
  `${a}/a"b`,
  `${a}/x?\u00e9`,
  `${a}/x?a b`,
  `${a}/x?\\`,
  `${a}/[x]`,
  `${a}/{x}`,
  `${a}/${"x".repeat(9_000)}`,
])("bad path: %j", (raw) => {
  try {
    parseRequestTarget(raw);
  } catch (error) {
    expect(isAppError(error, "bad_path")).toBe(true);
    return;
  }
  expect.unreachable();
});

test.each([
  "/_automna",
  "/_automna/",
  "/_automna/claim",
  "/_AUTOMNA/claim",
  "/_Automna/status?x",
  "/%5fautomna/status",
  "/%5Fautomna/status",
  "/_%61utomna/x",
  "/_automna;a=1/status",
  "/_automna%20/x",
  "/%EF%BC%BFautomna/x",
  "/healthz?nonce=00",
  "/healthz?",
  "/HEALTHZ?nonce=00",
  "/%68ealthz?nonce=00",
  "/healthz/?nonce=00",
  "/healthz;x?nonce=00",
  "/healthz%3Fnonce=00",
])("what no customer may reach: %s", (end) => {
  expect(() => parseRequestTarget(`${a}${end}`)).toThrowError(expect.objectContaining({ code: "not_found" }));
});
