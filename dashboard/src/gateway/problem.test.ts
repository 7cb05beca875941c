import { errorCatalogue } from "@automna/contract/error-catalogue";
import { expect, test } from "vitest";
import { toRowProblem, toRunProblem } from "./problem.ts";

test("tells a missing key from a refused one", () => {
  const missing = { message: errorCatalogue.key_missing.message, remedy: "key" };
  expect(toRunProblem({ httpStatus: 424 })).toEqual(missing);
  expect(toRunProblem({ httpStatus: 424, providerErrorType: "key_missing" })).toEqual(missing);
  expect(toRunProblem({ httpStatus: 424, providerErrorType: "key_invalid" }).message).toBe(
    errorCatalogue.key_invalid.message,
  );
  expect(toRowProblem("key_limited")).toEqual({ message: errorCatalogue.key_limited.message, remedy: "billing" });
  expect(toRunProblem({ httpStatus: 401 }).message).toBe(errorCatalogue.key_invalid.message);
  expect(toRowProblem("authentication_error").message).toBe(errorCatalogue.key_invalid.message);
});

test("being out of credits leads to where there are more", () => {
  const exhausted = { message: errorCatalogue.credits_exhausted.message, remedy: "credits" };
  expect(toRunProblem({ httpStatus: 424, providerErrorType: "credits_exhausted" })).toEqual(exhausted);
  expect(toRowProblem("credits_exhausted")).toEqual(exhausted);
  expect(exhausted.message).toMatch(/^You are out of credits/);
});

test("calls everything else a provider that does not answer", () => {
  for (const problem of [toRunProblem(undefined), toRunProblem({ httpStatus: 529 }), toRowProblem("overloaded_error")])
    expect(problem.remedy).toBe("retry");
});
