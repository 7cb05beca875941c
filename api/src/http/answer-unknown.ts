import { appError } from "@automna/contract/error-catalogue";
import type { Request, Response } from "express";
import type { MountedRoute } from "./mount-routes.ts";

/** Answers what no route took: 405 with the allowed methods at a known address, else 404. */
export function makeAnswerUnknown(routes: readonly MountedRoute[]) {
  return (request: Request, response: Response): void => {
    const methods = methodsAt(routes, request.path);
    if (methods.length === 0) throw appError("not_found");
    response.set("allow", methods.join(", "));
    throw appError("method_not_allowed", { details: { allow: methods } });
  };
}

/** Methods that some route takes at this path. */
export function methodsAt(routes: readonly MountedRoute[], path: string): string[] {
  const parts = path.split("/");
  const fits = (pattern: string) => {
    const wanted = pattern.split("/");
    return (
      wanted.length === parts.length &&
      wanted.every((part, i) => part === parts[i] || (part.startsWith(":") && parts[i] !== ""))
    );
  };
  const methods = routes.filter((route) => fits(route.path)).map((route) => route.method.toUpperCase());
  return methods.includes("GET") ? [...methods, "HEAD"] : methods;
}
