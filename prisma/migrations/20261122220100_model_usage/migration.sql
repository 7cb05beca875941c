-- CreateEnum
CREATE TYPE "model_call_outcome" AS ENUM ('complete', 'cut');

-- AlterEnum
ALTER TYPE "ModelSource" ADD VALUE 'credits';

-- AlterTable
ALTER TABLE "credit_holds" ADD COLUMN     "round" INTEGER NOT NULL DEFAULT 1;

-- CreateTable
CREATE TABLE "model_usage" (
    "id" TEXT NOT NULL,
    "user_id" TEXT NOT NULL,
    "agent_id" TEXT NOT NULL,
    "run_id" TEXT NOT NULL,
    "model" TEXT NOT NULL,
    "source" "ModelSource" NOT NULL,
    "is_utility" BOOLEAN NOT NULL,
    "input_tokens" INTEGER NOT NULL,
    "output_tokens" INTEGER NOT NULL,
    "cache_write_tokens" INTEGER NOT NULL,
    "cache_read_tokens" INTEGER NOT NULL,
    "micro_dollars" BIGINT,
    "credits" INTEGER NOT NULL,
    "outcome" "model_call_outcome" NOT NULL,
    "at" TIMESTAMPTZ(3) NOT NULL,

    CONSTRAINT "model_usage_pkey" PRIMARY KEY ("id")
);

-- CreateIndex
CREATE INDEX "model_usage_user_id_at_idx" ON "model_usage"("user_id", "at");

-- AddForeignKey
ALTER TABLE "model_usage" ADD CONSTRAINT "model_usage_user_id_fkey" FOREIGN KEY ("user_id") REFERENCES "users"("id") ON DELETE RESTRICT ON UPDATE CASCADE;
