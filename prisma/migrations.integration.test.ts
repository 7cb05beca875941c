import { execFile } from "node:child_process";
import { join } from "node:path";
import { promisify } from "node:util";
import { createTestDatabase } from "@automna/testkit/postgres";
import { expect, test } from "vitest";
import { applyMigrations } from "./migrate.ts";

const root = join(import.meta.dirname, "..");

/** Runs Prisma's own command line; rejects, with its output, when it exits with anything but 0. */
async function prisma(url: string, ...args: string[]): Promise<string> {
  const command = join(root, "node_modules/prisma/build/index.js");
  const env = { ...process.env, DATABASE_URL: url };
  const { stdout } = await promisify(execFile)(process.execPath, [command, ...args], { cwd: root, env });
  return stdout;
}

test("the migrations make exactly the schema", async () => {
  await using database = await createTestDatabase();
  const command = "migrate diff --from-migrations prisma/migrations --to-schema prisma/schema.prisma --exit-code";
  const output = await prisma(database.url, ...command.split(" "));
  expect(output).toContain("No difference");
});

test("Prisma takes what our applier wrote as its own", async () => {
  await using database = await createTestDatabase();
  expect(await prisma(database.url, "migrate", "status")).toContain("up to date");
  expect(await prisma(database.url, "migrate", "deploy")).toContain("No pending migrations");
});

test("applying twice changes nothing the second time", async () => {
  await using database = await createTestDatabase();
  expect(await applyMigrations(database.url)).toEqual([]);
});
