// Production's one-shot, from the api's image: brings the database to this version and ends. Safe to repeat and to kill.
import { AGENTS_QUEUE } from "@automna/contract/jobs";
import { applyMigrations } from "@automna/prisma/migrate";
import { ensureRoles } from "@automna/prisma/roles";
import { makeLog } from "@automna/service-kit/log";
import { migrateQueue } from "@automna/service-kit/queue";
import { loadMigrateConfig } from "./migrate/config.ts";

const { ownerUrl, passwords } = loadMigrateConfig(process.env);
const log = makeLog("migrate");
const applied = await applyMigrations(ownerUrl);
await migrateQueue(AGENTS_QUEUE, ownerUrl);
await ensureRoles(ownerUrl, passwords);
log.info({ applied }, "the database is at this version");
