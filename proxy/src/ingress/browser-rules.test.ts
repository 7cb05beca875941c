import { expect, test } from "vitest";
import { judgeBrowserRequest } from "./browser-rules.ts";

const judge = (headers: Record<string, string>, path = "/files/x", method = "GET") => {
  const verdict = judgeBrowserRequest({ method, headers }, { userId: "user_12345678", path, rest: path });
  return verdict.kind === "redirect" ? verdict.location : verdict.kind;
};

test.each([
  "script",
  "style",
  "iframe",
  "frame",
  "fencedframe",
  "worker",
  "sharedworker",
  "serviceworker",
  "object",
  "embed",
  "audioworklet",
  "paintworklet",
  "xslt",
  "manifest",
  "report",
  "font",
  "json",
  "webidentity",
  "unheard-of",
  "",
  "empty, document",
])("the destination %j is refused", (destination) => {
  expect(judge({ "sec-fetch-dest": destination })).toBe("refuse");
});

test.each(["empty", "image", "audio", "video", "track", "websocket"])(
  "the destination %s is forwarded",
  (destination) => {
    expect(judge({ "sec-fetch-dest": destination, "sec-fetch-mode": "cors" })).toBe("forward");
  },
);

test.each([
  ["/", "/dashboard"],
  ["/chat", "/dashboard"],
  ["/chat/", "/dashboard"],
  ["/files/x", "page"],
  ["/chat/x", "page"],
])("a navigation to %s gets %s", (path, answer) => {
  expect(judge({ "sec-fetch-dest": "document", "sec-fetch-mode": "navigate" }, path)).toBe(answer);
  // Browsers without Sec-Fetch headers.
  expect(judge({ accept: "text/html,application/xhtml+xml,*/*;q=0.8" }, path)).toBe(answer);
});

test("a form that is posted here is refused", () => {
  expect(judge({ "sec-fetch-dest": "document" }, "/chat", "POST")).toBe("refuse");
});

test("a service worker's script is refused even without a destination", () => {
  expect(judge({ "service-worker": "script" })).toBe("refuse");
});

test("a navigation that hides behind another destination is refused", () => {
  expect(judge({ "sec-fetch-dest": "empty", "sec-fetch-mode": "navigate" })).toBe("refuse");
});

test("a client without browser headers is forwarded", () => {
  expect(judge({})).toBe("forward");
  expect(judge({ accept: "application/json" })).toBe("forward");
});
