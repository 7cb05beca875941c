import { expect, test } from "vitest";
import { dockerFailure, isImageMissing, toOwnError } from "./docker-errors.ts";

const engineError = (statusCode: number, message = "words of the engine") =>
  Object.assign(new Error(`(HTTP code ${statusCode}) ${message}`), { statusCode });
const socketError = (code: string) => Object.assign(new Error(code), { code });

test.each([
  [engineError(404, "no such service"), "not_found"],
  [engineError(409, "name conflicts with an existing object"), "conflict"],
  [engineError(500, "rpc error: code = Unknown desc = update out of sequence"), "out_of_sequence"],
  [engineError(400, "update out of sequence"), "out_of_sequence"],
  [engineError(403, "not on the list"), "refused"],
  [engineError(503, "This node is not a swarm manager"), "away"],
  [engineError(502), "away"],
  [engineError(500, "The swarm does not have a leader"), "away"],
  [engineError(500), "other"],
  [socketError("ECONNREFUSED"), "away"],
  [socketError("ENOENT"), "away"],
  [new Error("socket hang up"), "away"],
  [Object.assign(new Error("aborted"), { name: "AbortError" }), "aborted"],
  ["no error at all", "other"],
] as const)("%s means %s", (error, failure) => {
  expect(dockerFailure(error)).toBe(failure);
});

test("an engine that is away is transient, what the socket proxy refuses is a bug of ours, the rest stays itself", () => {
  expect(toOwnError(socketError("ECONNREFUSED"), "x")).toMatchObject({ code: "engine_unavailable", kind: "transient" });
  expect(toOwnError(engineError(403), "x")).toMatchObject({ code: "engine_refused", kind: "bug" });
  const unknown = engineError(418);
  expect(toOwnError(unknown, "x")).toBe(unknown);
});

test("knows a missing image from other rejections", () => {
  expect(isImageMissing("No such image: automna/agent:1")).toBe(true);
  expect(isImageMissing("manifest for automna/agent:1 not found: manifest unknown")).toBe(true);
  expect(isImageMissing("invalid mount config")).toBe(false);
});
