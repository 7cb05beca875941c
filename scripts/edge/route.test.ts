import { expect, test } from "vitest";
import { routeOf } from "./route.ts";

test.each([
  ["/", "dashboard"],
  ["/chat", "dashboard"],
  ["/api", "api"],
  ["/api/me?x=1", "api"],
  ["/api?x", "api"],
  ["/apiary", "dashboard"],
  ["/a", "ingress"],
  ["/a/user_1/ws", "ingress"],
  ["/a/%2e%2e/api/me", "ingress"],
  ["/about", "dashboard"],
  ["/assets/index.js", "dashboard"],
  ["//a/user_1", "dashboard"],
  ["/%61/user_1", "dashboard"],
  ["http://evil.example/a/user_1", "ingress"],
  ["http://evil.example", "dashboard"],
  ["*", "dashboard"],
])("%s belongs to %s", (target, route) => {
  expect(routeOf(target)).toBe(route);
});
