import { join } from "node:path";
import { defineConfig } from "prisma/config";

// Prisma's CLI wants a native engine that it would download first. Ours speaks the same protocol from the
// WebAssembly build that npm already installed, so that no command needs a host other than the registry.
process.env["PRISMA_SCHEMA_ENGINE_BINARY"] ??= join(import.meta.dirname, "prisma/schema-engine.mjs");
process.env["CHECKPOINT_DISABLE"] ??= "1";

export default defineConfig({
  schema: "prisma/schema.prisma",
  migrations: { path: "prisma/migrations" },
  datasource: { url: process.env["DATABASE_URL"] ?? "" },
});
