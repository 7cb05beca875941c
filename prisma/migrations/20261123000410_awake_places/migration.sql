-- AlterTable
ALTER TABLE "agents" ADD COLUMN     "admitted_at" TIMESTAMPTZ(3);
