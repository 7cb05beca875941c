-- CreateEnum
CREATE TYPE "app_kind" AS ENUM ('static', 'process');

-- CreateEnum
CREATE TYPE "app_visibility" AS ENUM ('public', 'password', 'private');

-- AlterTable
ALTER TABLE "slots" ADD COLUMN     "apps_key_envelope" BYTEA;

-- CreateTable
CREATE TABLE "handles" (
    "handle" TEXT NOT NULL,
    "user_id" TEXT NOT NULL,
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "released_at" TIMESTAMPTZ(3),

    CONSTRAINT "handles_pkey" PRIMARY KEY ("handle")
);

-- CreateTable
CREATE TABLE "apps" (
    "agent_id" TEXT NOT NULL,
    "name" TEXT NOT NULL,
    "kind" "app_kind" NOT NULL,
    "problem" TEXT,
    "is_present" BOOLEAN NOT NULL,
    "seen_at" TIMESTAMPTZ(3) NOT NULL,
    "is_on" BOOLEAN NOT NULL DEFAULT true,
    "visibility" "app_visibility" NOT NULL DEFAULT 'public',
    "password_hash" TEXT,

    CONSTRAINT "apps_pkey" PRIMARY KEY ("agent_id","name")
);

-- CreateTable
CREATE TABLE "app_tickets" (
    "hash" BYTEA NOT NULL,
    "agent_id" TEXT NOT NULL,
    "name" TEXT NOT NULL,
    "user_id" TEXT NOT NULL,
    "session_id" TEXT NOT NULL,
    "expires_at" TIMESTAMPTZ(3) NOT NULL,

    CONSTRAINT "app_tickets_pkey" PRIMARY KEY ("hash")
);

-- CreateIndex
CREATE INDEX "handles_user_id_idx" ON "handles"("user_id");

-- CreateIndex
CREATE INDEX "app_tickets_expires_at_idx" ON "app_tickets"("expires_at");

-- AddForeignKey
ALTER TABLE "handles" ADD CONSTRAINT "handles_user_id_fkey" FOREIGN KEY ("user_id") REFERENCES "users"("id") ON DELETE RESTRICT ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "apps" ADD CONSTRAINT "apps_agent_id_fkey" FOREIGN KEY ("agent_id") REFERENCES "agents"("id") ON DELETE CASCADE ON UPDATE CASCADE;

