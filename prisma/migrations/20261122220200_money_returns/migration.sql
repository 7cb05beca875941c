-- AlterTable
ALTER TABLE "credit_accounts" ADD COLUMN     "debt" BIGINT NOT NULL DEFAULT 0;

-- AlterTable
ALTER TABLE "credit_grants" ADD COLUMN     "taken_back" INTEGER NOT NULL DEFAULT 0;

-- AlterTable
ALTER TABLE "credit_overage_blocks" ADD COLUMN     "attempted_at" TIMESTAMPTZ(3);

-- AlterTable
ALTER TABLE "subscriptions" ADD COLUMN     "next_tier" TEXT,
ADD COLUMN     "trial_ends_at" TIMESTAMPTZ(3);

-- CreateTable
CREATE TABLE "paid_invoices" (
    "id" TEXT NOT NULL,
    "user_id" TEXT NOT NULL,
    "subscription_id" TEXT,
    "grant_key" TEXT NOT NULL,
    "credits" INTEGER NOT NULL,
    "amount_cents" INTEGER NOT NULL,
    "returned_cents" INTEGER NOT NULL DEFAULT 0,
    "settled_at" TIMESTAMPTZ(3) NOT NULL,

    CONSTRAINT "paid_invoices_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "credit_warnings" (
    "user_id" TEXT NOT NULL,
    "period_started_at" TIMESTAMPTZ(3) NOT NULL,
    "percent" SMALLINT NOT NULL,
    "remaining" BIGINT NOT NULL,
    "warned_at" TIMESTAMPTZ(3) NOT NULL,
    "mailed_at" TIMESTAMPTZ(3),

    CONSTRAINT "credit_warnings_pkey" PRIMARY KEY ("user_id","period_started_at","percent")
);

-- CreateIndex
CREATE INDEX "paid_invoices_user_id_idx" ON "paid_invoices"("user_id");

-- CreateIndex
CREATE INDEX "credit_warnings_mailed_at_warned_at_idx" ON "credit_warnings"("mailed_at", "warned_at");

-- AddForeignKey
ALTER TABLE "paid_invoices" ADD CONSTRAINT "paid_invoices_user_id_fkey" FOREIGN KEY ("user_id") REFERENCES "users"("id") ON DELETE RESTRICT ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "credit_warnings" ADD CONSTRAINT "credit_warnings_user_id_fkey" FOREIGN KEY ("user_id") REFERENCES "users"("id") ON DELETE RESTRICT ON UPDATE CASCADE;

-- What Prisma's schema can't say.
ALTER TABLE "credit_accounts" ADD CONSTRAINT "credit_accounts_debt" CHECK (debt >= 0);

ALTER TABLE "credit_grants" ADD CONSTRAINT "credit_grants_taken_back" CHECK (taken_back BETWEEN 0 AND credits);

ALTER TABLE "paid_invoices" ADD CONSTRAINT "paid_invoices_amounts" CHECK (credits >= 0 AND amount_cents >= 0 AND returned_cents >= 0);
