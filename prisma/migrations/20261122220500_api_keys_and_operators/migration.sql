-- CreateEnum
CREATE TYPE "support_end" AS ENUM ('customer', 'operator');

-- CreateTable
CREATE TABLE "api_keys" (
    "id" TEXT NOT NULL,
    "user_id" TEXT NOT NULL,
    "name" TEXT NOT NULL,
    "scopes" TEXT[],
    "secret_hash" BYTEA NOT NULL,
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "expires_at" TIMESTAMPTZ(3),
    "revoked_at" TIMESTAMPTZ(3),
    "last_used_at" TIMESTAMPTZ(3),

    CONSTRAINT "api_keys_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "operator_actions" (
    "id" TEXT NOT NULL,
    "key" TEXT NOT NULL,
    "operator_id" TEXT NOT NULL,
    "user_id" TEXT NOT NULL,
    "action" TEXT NOT NULL,
    "reason" TEXT NOT NULL,
    "input" JSONB NOT NULL,
    "before" JSONB NOT NULL,
    "at" TIMESTAMPTZ(3) NOT NULL,

    CONSTRAINT "operator_actions_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "operator_outcomes" (
    "action_id" TEXT NOT NULL,
    "after" JSONB NOT NULL,
    "at" TIMESTAMPTZ(3) NOT NULL,

    CONSTRAINT "operator_outcomes_pkey" PRIMARY KEY ("action_id")
);

-- CreateTable
CREATE TABLE "comped_tiers" (
    "id" TEXT NOT NULL,
    "user_id" TEXT NOT NULL,
    "tier" TEXT NOT NULL,
    "started_at" TIMESTAMPTZ(3) NOT NULL,
    "expires_at" TIMESTAMPTZ(3) NOT NULL,
    "ended_at" TIMESTAMPTZ(3),

    CONSTRAINT "comped_tiers_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "suspensions" (
    "user_id" TEXT NOT NULL,
    "operator_id" TEXT NOT NULL,
    "reason" TEXT NOT NULL,
    "at" TIMESTAMPTZ(3) NOT NULL,

    CONSTRAINT "suspensions_pkey" PRIMARY KEY ("user_id")
);

-- CreateTable
CREATE TABLE "support_accesses" (
    "id" TEXT NOT NULL,
    "user_id" TEXT NOT NULL,
    "operator_id" TEXT NOT NULL,
    "reason" TEXT NOT NULL,
    "started_at" TIMESTAMPTZ(3) NOT NULL,
    "ends_at" TIMESTAMPTZ(3) NOT NULL,
    "ended_at" TIMESTAMPTZ(3),
    "ended_by" "support_end",

    CONSTRAINT "support_accesses_pkey" PRIMARY KEY ("id")
);

-- CreateIndex
CREATE INDEX "api_keys_user_id_idx" ON "api_keys"("user_id");

-- CreateIndex
CREATE INDEX "api_keys_revoked_at_idx" ON "api_keys"("revoked_at");

-- CreateIndex
CREATE UNIQUE INDEX "operator_actions_key_key" ON "operator_actions"("key");

-- CreateIndex
CREATE INDEX "operator_actions_user_id_at_idx" ON "operator_actions"("user_id", "at");

-- CreateIndex
CREATE INDEX "operator_actions_operator_id_at_idx" ON "operator_actions"("operator_id", "at");

-- CreateIndex
CREATE INDEX "comped_tiers_user_id_idx" ON "comped_tiers"("user_id");

-- CreateIndex
CREATE INDEX "comped_tiers_ended_at_expires_at_idx" ON "comped_tiers"("ended_at", "expires_at");

-- CreateIndex
CREATE INDEX "support_accesses_user_id_ends_at_idx" ON "support_accesses"("user_id", "ends_at");

-- AddForeignKey
ALTER TABLE "api_keys" ADD CONSTRAINT "api_keys_user_id_fkey" FOREIGN KEY ("user_id") REFERENCES "users"("id") ON DELETE CASCADE ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "operator_outcomes" ADD CONSTRAINT "operator_outcomes_action_id_fkey" FOREIGN KEY ("action_id") REFERENCES "operator_actions"("id") ON DELETE RESTRICT ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "comped_tiers" ADD CONSTRAINT "comped_tiers_user_id_fkey" FOREIGN KEY ("user_id") REFERENCES "users"("id") ON DELETE RESTRICT ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "suspensions" ADD CONSTRAINT "suspensions_user_id_fkey" FOREIGN KEY ("user_id") REFERENCES "users"("id") ON DELETE CASCADE ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "support_accesses" ADD CONSTRAINT "support_accesses_user_id_fkey" FOREIGN KEY ("user_id") REFERENCES "users"("id") ON DELETE CASCADE ON UPDATE CASCADE;


-- CreateIndex
CREATE INDEX "audit_events_user_id_id_idx" ON "audit_events"("user_id", "id");

-- What Prisma's schema can't say: what was written down about an operator's doings stays, whoever asks.
ALTER TABLE "operator_actions" ADD CONSTRAINT "operator_actions_reason" CHECK (length(btrim(reason)) > 0);

CREATE FUNCTION "refuse_audit_change"() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  RAISE EXCEPTION 'the audit is never changed: % on % refused', TG_OP, TG_TABLE_NAME USING ERRCODE = 'restrict_violation';
END
$$;

CREATE TRIGGER "operator_actions_append_only"
  BEFORE UPDATE OR DELETE OR TRUNCATE ON "operator_actions"
  FOR EACH STATEMENT EXECUTE FUNCTION "refuse_audit_change"();

CREATE TRIGGER "operator_outcomes_append_only"
  BEFORE UPDATE OR DELETE OR TRUNCATE ON "operator_outcomes"
  FOR EACH STATEMENT EXECUTE FUNCTION "refuse_audit_change"();
