-- AlterTable
ALTER TABLE "nodes" ADD COLUMN     "swap_mb" INTEGER;
