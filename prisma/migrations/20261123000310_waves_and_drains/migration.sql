-- CreateEnum
CREATE TYPE "wave_state" AS ENUM ('draft', 'running', 'paused', 'halted', 'rolling_back', 'rolled_back', 'done');

-- CreateEnum
CREATE TYPE "wave_member_state" AS ENUM ('waiting', 'upgrading', 'upgraded', 'failed', 'reverting', 'reverted', 'stuck', 'gone');

-- CreateEnum
CREATE TYPE "drain_state" AS ENUM ('running', 'done', 'cancelled');

-- CreateTable
CREATE TABLE "upgrade_waves" (
    "id" TEXT NOT NULL,
    "image" TEXT NOT NULL,
    "state" "wave_state" NOT NULL DEFAULT 'draft',
    "settings" JSONB NOT NULL,
    "created_by" TEXT NOT NULL,
    "created_at" TIMESTAMPTZ(3) NOT NULL,
    "started_at" TIMESTAMPTZ(3),
    "ended_at" TIMESTAMPTZ(3),
    "why" TEXT,
    "accepted_batches" INTEGER NOT NULL DEFAULT 0,
    "settled_at" TIMESTAMPTZ(3),

    CONSTRAINT "upgrade_waves_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "upgrade_members" (
    "wave_id" TEXT NOT NULL,
    "agent_id" TEXT NOT NULL,
    "position" INTEGER NOT NULL,
    "state" "wave_member_state" NOT NULL DEFAULT 'waiting',
    "batch" INTEGER,
    "from_image" TEXT,
    "reason" TEXT,
    "began_at" TIMESTAMPTZ(3),
    "settled_at" TIMESTAMPTZ(3),

    CONSTRAINT "upgrade_members_pkey" PRIMARY KEY ("wave_id","agent_id")
);

-- CreateTable
CREATE TABLE "upgrade_deferrals" (
    "user_id" TEXT NOT NULL,
    "until" TIMESTAMPTZ(3) NOT NULL,
    "set_by" TEXT NOT NULL,

    CONSTRAINT "upgrade_deferrals_pkey" PRIMARY KEY ("user_id")
);

-- CreateTable
CREATE TABLE "node_drains" (
    "id" TEXT NOT NULL,
    "node_id" TEXT NOT NULL,
    "state" "drain_state" NOT NULL DEFAULT 'running',
    "concurrency" INTEGER NOT NULL,
    "total" INTEGER NOT NULL,
    "created_by" TEXT NOT NULL,
    "created_at" TIMESTAMPTZ(3) NOT NULL,
    "ended_at" TIMESTAMPTZ(3),

    CONSTRAINT "node_drains_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "cell_actions" (
    "id" TEXT NOT NULL,
    "key" TEXT NOT NULL,
    "operator_id" TEXT NOT NULL,
    "action" TEXT NOT NULL,
    "subject" TEXT NOT NULL,
    "reason" TEXT NOT NULL,
    "input" JSONB NOT NULL,
    "before" JSONB NOT NULL,
    "after" JSONB NOT NULL,
    "at" TIMESTAMPTZ(3) NOT NULL,

    CONSTRAINT "cell_actions_pkey" PRIMARY KEY ("id")
);

-- CreateIndex
CREATE INDEX "upgrade_waves_state_idx" ON "upgrade_waves"("state");

-- CreateIndex
CREATE INDEX "upgrade_waves_created_at_idx" ON "upgrade_waves"("created_at");

-- CreateIndex
CREATE INDEX "upgrade_members_agent_id_idx" ON "upgrade_members"("agent_id");

-- CreateIndex
CREATE INDEX "upgrade_members_wave_id_position_idx" ON "upgrade_members"("wave_id", "position");

-- CreateIndex
CREATE INDEX "node_drains_node_id_created_at_idx" ON "node_drains"("node_id", "created_at");

-- CreateIndex
CREATE UNIQUE INDEX "cell_actions_key_key" ON "cell_actions"("key");

-- CreateIndex
CREATE INDEX "cell_actions_subject_at_idx" ON "cell_actions"("subject", "at");

-- CreateIndex
CREATE INDEX "cell_actions_at_idx" ON "cell_actions"("at");

-- AddForeignKey
ALTER TABLE "upgrade_members" ADD CONSTRAINT "upgrade_members_wave_id_fkey" FOREIGN KEY ("wave_id") REFERENCES "upgrade_waves"("id") ON DELETE CASCADE ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "upgrade_members" ADD CONSTRAINT "upgrade_members_agent_id_fkey" FOREIGN KEY ("agent_id") REFERENCES "agents"("id") ON DELETE RESTRICT ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "upgrade_deferrals" ADD CONSTRAINT "upgrade_deferrals_user_id_fkey" FOREIGN KEY ("user_id") REFERENCES "users"("id") ON DELETE CASCADE ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "node_drains" ADD CONSTRAINT "node_drains_node_id_fkey" FOREIGN KEY ("node_id") REFERENCES "nodes"("id") ON DELETE CASCADE ON UPDATE CASCADE;

-- What Prisma's schema can't say: what was written down about an operator's doings stays, whoever asks.
ALTER TABLE "cell_actions" ADD CONSTRAINT "cell_actions_reason" CHECK (length(btrim(reason)) > 0);

CREATE TRIGGER "cell_actions_append_only"
  BEFORE UPDATE OR DELETE OR TRUNCATE ON "cell_actions"
  FOR EACH STATEMENT EXECUTE FUNCTION "refuse_audit_change"();

-- A node is emptied by one drain at a time, and one wave is under way at a time.
CREATE UNIQUE INDEX "node_drains_running_key" ON "node_drains"("node_id") WHERE state = 'running';
CREATE UNIQUE INDEX "upgrade_waves_active_key" ON "upgrade_waves"((true)) WHERE state IN ('running', 'paused', 'rolling_back');
