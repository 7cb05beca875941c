import { apiRoutes } from "@automna/contract/api-routes";
import { expect, test } from "vitest";
import { makeOpenApi } from "./openapi.ts";

const description = makeOpenApi() as {
  paths: Record<string, Record<string, { operationId: string; parameters: unknown[]; requestBody?: unknown }>>;
};

test("every route of the contract is described once, under its name", () => {
  const described = Object.values(description.paths).flatMap((path) =>
    Object.values(path).map(({ operationId }) => operationId),
  );
  expect(described.toSorted()).toEqual(Object.keys(apiRoutes).toSorted());
});

test("parameters and bodies come from the contract's schemas", () => {
  expect(description.paths["/api/agents/{agentId}"]?.["get"]?.parameters).toEqual([
    { name: "agentId", in: "path", required: true, schema: { type: "string", pattern: "^agt_[0-9a-z]{20}$" } },
  ]);
  expect(description.paths["/api/agents"]?.["post"]?.requestBody).toMatchObject({
    content: { "application/json": { schema: { required: ["name", "modelSource"], additionalProperties: false } } },
  });
});
