-- AlterTable
ALTER TABLE "slots" DROP COLUMN "is_warm",
ADD COLUMN     "warm_since" TIMESTAMPTZ(3),
ADD COLUMN     "warm_state" TEXT,
ADD COLUMN     "warm_tier" TEXT;

-- AlterTable
ALTER TABLE "cells" ADD COLUMN     "warm_paused_at" TIMESTAMPTZ(3),
ADD COLUMN     "warm_wishes" JSONB NOT NULL DEFAULT '[]';

-- CreateTable
CREATE TABLE "node_gates" (
    "node_id" TEXT NOT NULL,
    "holder" TEXT NOT NULL,
    "capacity_cpu_s" INTEGER,
    "booting" INTEGER NOT NULL,
    "waiting" INTEGER NOT NULL,
    "waiting_people" INTEGER NOT NULL,
    "at" TIMESTAMPTZ(3) NOT NULL,

    CONSTRAINT "node_gates_pkey" PRIMARY KEY ("node_id","holder")
);

-- CreateIndex
CREATE INDEX "slots_node_id_warm_state_idx" ON "slots"("node_id", "warm_state");

-- AddForeignKey
ALTER TABLE "node_gates" ADD CONSTRAINT "node_gates_node_id_fkey" FOREIGN KEY ("node_id") REFERENCES "nodes"("id") ON DELETE CASCADE ON UPDATE CASCADE;
