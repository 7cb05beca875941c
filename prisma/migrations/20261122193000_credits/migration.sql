-- CreateEnum
CREATE TYPE "credit_ledger_account" AS ENUM ('issued', 'available', 'held', 'spent', 'expired');

-- CreateEnum
CREATE TYPE "credit_entry_kind" AS ENUM ('grant', 'overage_block', 'charge', 'hold', 'capture', 'release', 'refund', 'revoke', 'expiry');

-- CreateEnum
CREATE TYPE "credit_hold_state" AS ENUM ('open', 'captured', 'released');

-- CreateTable
CREATE TABLE "credit_accounts" (
    "user_id" TEXT NOT NULL,
    "issued" BIGINT NOT NULL DEFAULT 0,
    "available" BIGINT NOT NULL DEFAULT 0,
    "held" BIGINT NOT NULL DEFAULT 0,
    "spent" BIGINT NOT NULL DEFAULT 0,
    "expired" BIGINT NOT NULL DEFAULT 0,
    "entry_count" INTEGER NOT NULL DEFAULT 0,
    "overage_cap" INTEGER,
    "overage_blocks" INTEGER NOT NULL DEFAULT 0,
    "period_started_at" TIMESTAMPTZ(3),
    "period_spent_base" BIGINT NOT NULL DEFAULT 0,
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "credit_accounts_pkey" PRIMARY KEY ("user_id")
);

-- CreateTable
CREATE TABLE "credit_entries" (
    "user_id" TEXT NOT NULL,
    "number" INTEGER NOT NULL,
    "key" TEXT NOT NULL,
    "leg" SMALLINT NOT NULL,
    "kind" "credit_entry_kind" NOT NULL,
    "from_account" "credit_ledger_account" NOT NULL,
    "to_account" "credit_ledger_account" NOT NULL,
    "credits" INTEGER NOT NULL,
    "balance_after" BIGINT NOT NULL,
    "subject" TEXT NOT NULL,
    "facts" JSONB NOT NULL DEFAULT '{}',
    "at" TIMESTAMPTZ(3) NOT NULL,

    CONSTRAINT "credit_entries_pkey" PRIMARY KEY ("user_id","number")
);

-- CreateTable
CREATE TABLE "credit_holds" (
    "user_id" TEXT NOT NULL,
    "key" TEXT NOT NULL,
    "credits" INTEGER NOT NULL,
    "resource" TEXT NOT NULL,
    "state" "credit_hold_state" NOT NULL DEFAULT 'open',
    "expires_at" TIMESTAMPTZ(3) NOT NULL,
    "created_at" TIMESTAMPTZ(3) NOT NULL,
    "closed_at" TIMESTAMPTZ(3),

    CONSTRAINT "credit_holds_pkey" PRIMARY KEY ("user_id","key")
);

-- CreateTable
CREATE TABLE "credit_grants" (
    "user_id" TEXT NOT NULL,
    "key" TEXT NOT NULL,
    "source" TEXT NOT NULL,
    "credits" INTEGER NOT NULL,
    "remaining" INTEGER NOT NULL,
    "expires_at" TIMESTAMPTZ(3),
    "granted_at" TIMESTAMPTZ(3) NOT NULL,
    "closed_at" TIMESTAMPTZ(3),

    CONSTRAINT "credit_grants_pkey" PRIMARY KEY ("user_id","key")
);

-- CreateTable
CREATE TABLE "credit_overage_blocks" (
    "user_id" TEXT NOT NULL,
    "period_started_at" TIMESTAMPTZ(3) NOT NULL,
    "number" INTEGER NOT NULL,
    "started_at" TIMESTAMPTZ(3) NOT NULL,
    "reported_at" TIMESTAMPTZ(3),

    CONSTRAINT "credit_overage_blocks_pkey" PRIMARY KEY ("user_id","period_started_at","number")
);

-- CreateIndex
CREATE UNIQUE INDEX "credit_entries_user_id_key_leg_key" ON "credit_entries"("user_id", "key", "leg");

-- CreateIndex
CREATE INDEX "credit_holds_state_expires_at_idx" ON "credit_holds"("state", "expires_at");

-- CreateIndex
CREATE INDEX "credit_grants_closed_at_expires_at_idx" ON "credit_grants"("closed_at", "expires_at");

-- CreateIndex
CREATE INDEX "credit_overage_blocks_reported_at_started_at_idx" ON "credit_overage_blocks"("reported_at", "started_at");

-- AddForeignKey
ALTER TABLE "credit_accounts" ADD CONSTRAINT "credit_accounts_user_id_fkey" FOREIGN KEY ("user_id") REFERENCES "users"("id") ON DELETE RESTRICT ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "credit_entries" ADD CONSTRAINT "credit_entries_user_id_fkey" FOREIGN KEY ("user_id") REFERENCES "credit_accounts"("user_id") ON DELETE RESTRICT ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "credit_holds" ADD CONSTRAINT "credit_holds_user_id_fkey" FOREIGN KEY ("user_id") REFERENCES "credit_accounts"("user_id") ON DELETE RESTRICT ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "credit_grants" ADD CONSTRAINT "credit_grants_user_id_fkey" FOREIGN KEY ("user_id") REFERENCES "credit_accounts"("user_id") ON DELETE RESTRICT ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "credit_overage_blocks" ADD CONSTRAINT "credit_overage_blocks_user_id_fkey" FOREIGN KEY ("user_id") REFERENCES "credit_accounts"("user_id") ON DELETE RESTRICT ON UPDATE CASCADE;

-- What Prisma's schema can't say: the books are right at every moment, and what was written stays.
ALTER TABLE "credit_accounts"
  ADD CONSTRAINT "credit_accounts_balanced" CHECK (issued = available + held + spent + expired),
  ADD CONSTRAINT "credit_accounts_no_debt_but_available" CHECK (issued >= 0 AND held >= 0 AND spent >= 0 AND expired >= 0),
  ADD CONSTRAINT "credit_accounts_cap" CHECK (overage_cap > 0);

ALTER TABLE "credit_entries"
  ADD CONSTRAINT "credit_entries_positive" CHECK (credits > 0),
  ADD CONSTRAINT "credit_entries_two_accounts" CHECK (from_account <> to_account);

ALTER TABLE "credit_holds" ADD CONSTRAINT "credit_holds_positive" CHECK (credits > 0);

ALTER TABLE "credit_grants" ADD CONSTRAINT "credit_grants_remaining" CHECK (remaining BETWEEN 0 AND credits);

-- Room on each page for the next versions of a row, so that a charge does not touch the index (heap-only tuples).
ALTER TABLE "credit_accounts" SET (fillfactor = 50);

CREATE FUNCTION "refuse_ledger_change"() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  RAISE EXCEPTION 'ledger entries are never changed: % on % refused', TG_OP, TG_TABLE_NAME USING ERRCODE = 'restrict_violation';
END
$$;

CREATE TRIGGER "credit_entries_append_only"
  BEFORE UPDATE OR DELETE OR TRUNCATE ON "credit_entries"
  FOR EACH STATEMENT EXECUTE FUNCTION "refuse_ledger_change"();
