import type { ApiRouteName, apiRoutes } from "@automna/contract/api-routes";
import type { Logger } from "@automna/service-kit/log";
import type { Request, Response } from "express";
import type { z } from "zod";
import type { Caller, SessionCaller } from "../identity/caller.ts";

type Route<Name extends ApiRouteName> = (typeof apiRoutes)[Name];
type Parsed<Name extends ApiRouteName, Part extends "params" | "query" | "body"> =
  Route<Name> extends Record<Part, infer Schema extends z.ZodType> ? z.output<Schema> : undefined;

/** One request to a route, with everything in it parsed by the contract. */
export interface Call<Name extends ApiRouteName> {
  params: Parsed<Name, "params">;
  query: Parsed<Name, "query">;
  body: Parsed<Name, "body">;
  /** A person, except where keys are let in too. */
  caller: Route<Name>["access"] extends "session" | "operator"
    ? Route<Name> extends { keyScope: string }
      ? Caller
      : SessionCaller
    : null;
  request: Request;
  /** For headers and cookies; the body is what the handler returns, if the route has one. */
  response: Response;
  log: Logger;
  /** Aborts when the client has gone. */
  signal: AbortSignal;
}

/** What a handler returns: the JSON body, or nothing where the route has none. */
export type Answer<Name extends ApiRouteName> = Route<Name>["success"]["body"] extends infer Schema extends z.ZodType
  ? z.input<Schema>
  : void;

export type Handler<Name extends ApiRouteName> = (call: Call<Name>) => Promise<Answer<Name>>;

/** A handler for each route of the contract, no more and no fewer. */
export type Handlers = { [Name in ApiRouteName]: Handler<Name> };
