import { apiRoutes, type ApiRoute } from "@automna/contract/api-routes";
import { errorBodySchema } from "@automna/contract/error-body";
import { SESSION_COOKIE } from "@automna/contract/identity";
import { z } from "zod";
import { needsSession } from "./mount-routes.ts";

type Json = Readonly<Record<string, unknown>>;

const errorRef = { $ref: "#/components/schemas/Error" };

/** The OpenAPI 3.1 description of the contract's routes. */
export function makeOpenApi(routes: Readonly<Record<string, ApiRoute>> = apiRoutes): Json {
  const paths: Record<string, Record<string, unknown>> = {};
  for (const [name, route] of Object.entries(routes)) {
    const path = route.path.replaceAll(/:(\w+)/g, "{$1}");
    paths[path] = { ...paths[path], [route.method]: toOperation(name, route) };
  }
  return {
    openapi: "3.1.0",
    info: {
      title: "Automna API",
      version: "1",
      description:
        "Errors have one form and a code each, listed in docs/errors.md. Calls that change something need the platform's own Origin, or a bearer token and no cookie.",
    },
    paths,
    components: {
      schemas: { Error: toJsonSchema(errorBodySchema, "output") },
      securitySchemes: {
        cookie: { type: "apiKey", in: "cookie", name: SESSION_COOKIE },
        bearer: { type: "http", scheme: "bearer", bearerFormat: "JWT" },
        apiKey: { type: "http", scheme: "bearer", description: "A key from the dashboard's settings: atm_live_…" },
      },
    },
  };
}

function toOperation(name: string, route: ApiRoute): Json {
  const { success, body } = route;
  return {
    operationId: name,
    summary: route.summary,
    security: toSecurity(route),
    parameters: [...toParameters("path", route.params), ...toParameters("query", route.query)],
    ...(body === undefined
      ? {}
      : { requestBody: { required: true, content: { "application/json": { schema: toJsonSchema(body, "input") } } } }),
    responses: {
      [success.status]: toSuccess(success),
      default: { description: "Any failure.", content: { "application/json": { schema: errorRef } } },
    },
  };
}

function toSecurity(route: ApiRoute): Json[] {
  if (!needsSession(route)) return [];
  const { keyScope } = route;
  return [{ cookie: [] }, { bearer: [] }, ...(keyScope === undefined ? [] : [{ apiKey: [keyScope] }])];
}

function toSuccess({ status, body, contentType }: ApiRoute["success"]): Json {
  if (body !== null)
    return { description: "Success.", content: { "application/json": { schema: toJsonSchema(body, "output") } } };
  if (contentType !== undefined)
    return { description: "A stream.", content: { [contentType]: { schema: { type: "string" } } } };
  return status === 303
    ? { description: "Goes on elsewhere.", headers: { Location: { schema: { type: "string" } } } }
    : { description: "Done." };
}

function toParameters(place: "path" | "query", schema: z.ZodObject | undefined): Json[] {
  if (schema === undefined) return [];
  const { properties = {}, required = [] } = toJsonSchema(schema, "input") as {
    properties?: Json;
    required?: readonly string[];
  };
  return Object.entries(properties).map(([name, field]) => ({
    name,
    in: place,
    required: place === "path" || required.includes(name),
    schema: field,
  }));
}

function toJsonSchema(schema: z.ZodType, io: "input" | "output"): Json {
  const { $schema: _dialect, ...rest } = z.toJSONSchema(schema, { io });
  return rest;
}
