-- CreateIndex
CREATE INDEX "slots_kept_for_id_idx" ON "slots"("kept_for_id");
