-- CreateTable
CREATE TABLE "sweep_reports" (
    "id" TEXT NOT NULL,
    "cell_id" TEXT NOT NULL,
    "is_dry_run" BOOLEAN NOT NULL,
    "requested_by" TEXT,
    "requested_at" TIMESTAMPTZ(3) NOT NULL,
    "first_at" TIMESTAMPTZ(3),
    "last_at" TIMESTAMPTZ(3),
    "turns" INTEGER NOT NULL DEFAULT 0,
    "seen" INTEGER NOT NULL DEFAULT 0,
    "findings" JSONB NOT NULL DEFAULT '[]',
    "problem" TEXT,

    CONSTRAINT "sweep_reports_pkey" PRIMARY KEY ("id")
);

-- CreateIndex
CREATE INDEX "sweep_reports_cell_id_is_dry_run_requested_at_idx" ON "sweep_reports"("cell_id", "is_dry_run", "requested_at");

-- CreateIndex
CREATE INDEX "sweep_reports_requested_at_idx" ON "sweep_reports"("requested_at");
