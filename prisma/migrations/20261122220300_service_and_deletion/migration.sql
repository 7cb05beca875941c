-- AlterTable
ALTER TABLE "agents" ADD COLUMN     "stopped_for" TEXT;

-- What dunning had stopped comes back by paying, as was promised.
UPDATE "agents" SET "stopped_for" = 'plan_ended'
FROM "entitlements"
WHERE "entitlements"."user_id" = "agents"."user_id" AND "agents"."id" = ANY ("entitlements"."stopped_agent_ids");

-- AlterTable
ALTER TABLE "entitlements" DROP COLUMN "stopped_agent_ids";

-- CreateTable
CREATE TABLE "account_deletions" (
    "user_id" TEXT NOT NULL,
    "asked_by" TEXT NOT NULL,
    "requested_at" TIMESTAMPTZ(3) NOT NULL,
    "erase_at" TIMESTAMPTZ(3) NOT NULL,
    "erased_at" TIMESTAMPTZ(3),

    CONSTRAINT "account_deletions_pkey" PRIMARY KEY ("user_id")
);

-- CreateTable
CREATE TABLE "outbox_events" (
    "id" BIGSERIAL NOT NULL,
    "key" TEXT NOT NULL,
    "type" TEXT NOT NULL,
    "user_id" TEXT NOT NULL,
    "data" JSONB NOT NULL DEFAULT '{}',
    "at" TIMESTAMPTZ(3) NOT NULL,
    "told_at" TIMESTAMPTZ(3),

    CONSTRAINT "outbox_events_pkey" PRIMARY KEY ("id")
);

-- CreateIndex
CREATE INDEX "account_deletions_erased_at_erase_at_idx" ON "account_deletions"("erased_at", "erase_at");

-- CreateIndex
CREATE UNIQUE INDEX "outbox_events_key_key" ON "outbox_events"("key");

-- CreateIndex
CREATE INDEX "outbox_events_told_at_id_idx" ON "outbox_events"("told_at", "id");

-- AddForeignKey
ALTER TABLE "account_deletions" ADD CONSTRAINT "account_deletions_user_id_fkey" FOREIGN KEY ("user_id") REFERENCES "users"("id") ON DELETE RESTRICT ON UPDATE CASCADE;
