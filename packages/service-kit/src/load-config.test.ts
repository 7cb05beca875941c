import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { z } from "zod";
import { flagSchema, loadConfig, portSchema, urlListSchema } from "./load-config.ts";

const schema = z.object({
  API_PORT: portSchema.describe("where the API listens"),
  API_SECRET: z.string().min(4),
  API_FLAG: flagSchema.default(false),
  API_URLS: urlListSchema.optional(),
});

test("reads numbers, flags and lists, and ignores what is not asked for", () => {
  const config = loadConfig(schema, {
    API_PORT: "80",
    API_SECRET: "abcd",
    API_FLAG: "true",
    API_URLS: "http://a/, http://b/",
    HOME: "/",
  });
  expect(config).toEqual({ API_PORT: 80, API_SECRET: "abcd", API_FLAG: true, API_URLS: ["http://a/", "http://b/"] });
});

test("names every wrong variable at once, with its purpose and without its value", () => {
  expect(() => loadConfig(schema, { API_PORT: "eighty", API_SECRET: "abc" })).toThrow(
    /API_PORT \(where the API listens\)[^]*API_SECRET/,
  );
  expect(() => loadConfig(schema, { API_PORT: "80", API_SECRET: "abc" })).not.toThrow(/abc/);
});

test("takes a secret from the file that the _FILE variable names", () => {
  const folder = mkdtempSync(join(tmpdir(), "load-config-"));
  try {
    writeFileSync(join(folder, "secret"), "from-file\n");
    const env = { API_PORT: "1", API_SECRET_FILE: join(folder, "secret") };
    expect(loadConfig(schema, env).API_SECRET).toBe("from-file");
    expect(() => loadConfig(schema, { ...env, API_SECRET: "both" })).toThrow("not both");
    expect(() => loadConfig(schema, { API_PORT: "1", API_SECRET_FILE: join(folder, "absent") })).toThrow(
      "can't be read",
    );
  } finally {
    rmSync(folder, { recursive: true });
  }
});

test("what is empty is not set, in a variable and in a file", () => {
  const folder = mkdtempSync(join(tmpdir(), "load-config-"));
  try {
    writeFileSync(join(folder, "empty"), "\n");
    const env = { API_PORT: "1", API_SECRET: "abcd", API_FLAG: "", API_URLS_FILE: join(folder, "empty") };
    expect(loadConfig(schema, env)).toEqual({ API_PORT: 1, API_SECRET: "abcd", API_FLAG: false });
  } finally {
    rmSync(folder, { recursive: true });
  }
});
