-- AlterTable
ALTER TABLE "slots" ADD COLUMN     "image" TEXT,
ADD COLUMN     "memory_mb" INTEGER NOT NULL DEFAULT 2560,
ADD COLUMN     "volume_mb" INTEGER NOT NULL DEFAULT 10240,
ADD COLUMN     "working_set_mb" INTEGER NOT NULL DEFAULT 1024;

-- CreateTable
CREATE TABLE "cells" (
    "id" TEXT NOT NULL,
    "runtime" TEXT NOT NULL,
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "cells_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "nodes" (
    "id" TEXT NOT NULL,
    "cell_id" TEXT NOT NULL,
    "name" TEXT NOT NULL,
    "address" TEXT NOT NULL,
    "keeper_url" TEXT,
    "first_port" INTEGER NOT NULL,
    "last_port" INTEGER NOT NULL,
    "memory_mb" INTEGER,
    "awake_limit" INTEGER,
    "owner_id" TEXT,
    "cordoned_at" TIMESTAMPTZ(3),
    "cordon_reason" TEXT,
    "draining_since" TIMESTAMPTZ(3),
    "lost_since" TIMESTAMPTZ(3),
    "seen_at" TIMESTAMPTZ(3) NOT NULL,
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "nodes_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "node_failures" (
    "node_id" TEXT NOT NULL,
    "slot_id" TEXT NOT NULL,
    "reason" TEXT NOT NULL,
    "at" TIMESTAMPTZ(3) NOT NULL,

    CONSTRAINT "node_failures_pkey" PRIMARY KEY ("node_id","slot_id")
);

-- CreateIndex
CREATE INDEX "nodes_cell_id_idx" ON "nodes"("cell_id");

-- AddForeignKey
ALTER TABLE "nodes" ADD CONSTRAINT "nodes_cell_id_fkey" FOREIGN KEY ("cell_id") REFERENCES "cells"("id") ON DELETE RESTRICT ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "nodes" ADD CONSTRAINT "nodes_owner_id_fkey" FOREIGN KEY ("owner_id") REFERENCES "users"("id") ON DELETE RESTRICT ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "node_failures" ADD CONSTRAINT "node_failures_node_id_fkey" FOREIGN KEY ("node_id") REFERENCES "nodes"("id") ON DELETE CASCADE ON UPDATE CASCADE;

