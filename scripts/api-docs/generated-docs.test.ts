import { readFile } from "node:fs/promises";
import { errorCatalogue } from "@automna/contract/error-catalogue";
import { expect, test } from "vitest";
import { inCheckout } from "../bootstrap/paths.mjs";
import { generatedDocs, renderErrors } from "./generated-docs.ts";

test.each(generatedDocs())(
  "$path says what the code does (else run scripts/generate-api-docs.ts)",
  async ({ path, content }) => {
    expect(await readFile(inCheckout(path), "utf8")).toBe(content);
  },
);

test("every error code stands in the docs, once", () => {
  const lines = renderErrors(errorCatalogue).split("\n");
  for (const code of Object.keys(errorCatalogue))
    expect(
      lines.filter((line) => line.startsWith(`| \`${code}\` |`)),
      code,
    ).toHaveLength(1);
});
