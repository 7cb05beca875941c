import { expect, test } from "vitest";
import { methodsAt } from "./answer-unknown.ts";

const routes = [
  { method: "get", path: "/api/agents/:agentId" },
  { method: "delete", path: "/api/agents/:agentId" },
  { method: "post", path: "/api/agents/:agentId/stop" },
];

test("a known path answers with its methods, any other with none", () => {
  expect(methodsAt(routes, "/api/agents/agt_1")).toEqual(["GET", "DELETE", "HEAD"]);
  expect(methodsAt(routes, "/api/agents/agt_1/stop")).toEqual(["POST"]);
  expect(methodsAt(routes, "/api/agents/")).toEqual([]);
  expect(methodsAt(routes, "/api/agents/agt_1/stop/")).toEqual([]);
});
