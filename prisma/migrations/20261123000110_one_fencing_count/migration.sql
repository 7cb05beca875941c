-- One count for all leases: a slot is acted on under the lease of its agent, of its next agent and of a sweep, and its node
-- refuses whoever has the older number.
CREATE SEQUENCE "lease_fencing" AS BIGINT;

SELECT setval('lease_fencing', (SELECT COALESCE(MAX("fencing"), 0) + 1 FROM "leases"));

-- AlterTable
ALTER TABLE "leases" ALTER COLUMN "fencing" DROP DEFAULT;
