-- AlterTable
ALTER TABLE "agents" ADD COLUMN     "failed_image" TEXT,
ADD COLUMN     "is_safe_mode" BOOLEAN NOT NULL DEFAULT false,
ADD COLUMN     "move_to_node_id" TEXT,
ADD COLUMN     "move_wished_at" TIMESTAMPTZ(3),
ADD COLUMN     "next_slot_id" TEXT,
ADD COLUMN     "rest" TEXT NOT NULL DEFAULT 'awake',
ADD COLUMN     "rest_since" TIMESTAMPTZ(3),
ADD COLUMN     "rest_wakes" INTEGER NOT NULL DEFAULT 0,
ADD COLUMN     "wished_image" TEXT;

-- AlterTable
ALTER TABLE "slots" ADD COLUMN     "filled_from" TEXT,
ADD COLUMN     "is_warm" BOOLEAN NOT NULL DEFAULT false,
ADD COLUMN     "kept_for_id" TEXT,
ADD COLUMN     "kept_until" TIMESTAMPTZ(3),
ADD COLUMN     "trial_from_image" TEXT,
ADD COLUMN     "trial_since" TIMESTAMPTZ(3),
ADD COLUMN     "trial_snapshot" TEXT,
ADD COLUMN     "trial_stage" TEXT;

-- CreateTable
CREATE TABLE "agent_activity" (
    "agent_id" TEXT NOT NULL,
    "active_at" TIMESTAMPTZ(3) NOT NULL,
    "wakes" INTEGER NOT NULL DEFAULT 0,

    CONSTRAINT "agent_activity_pkey" PRIMARY KEY ("agent_id")
);

-- CreateIndex
CREATE UNIQUE INDEX "agents_next_slot_id_key" ON "agents"("next_slot_id");

-- AddForeignKey
ALTER TABLE "agents" ADD CONSTRAINT "agents_next_slot_id_fkey" FOREIGN KEY ("next_slot_id") REFERENCES "slots"("id") ON DELETE RESTRICT ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "slots" ADD CONSTRAINT "slots_kept_for_id_fkey" FOREIGN KEY ("kept_for_id") REFERENCES "agents"("id") ON DELETE SET NULL ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "agent_activity" ADD CONSTRAINT "agent_activity_agent_id_fkey" FOREIGN KEY ("agent_id") REFERENCES "agents"("id") ON DELETE CASCADE ON UPDATE CASCADE;
