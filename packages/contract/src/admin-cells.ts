import { agentPhases } from "@automna/core/agents/agent-phase";
import { desiredStates } from "@automna/core/agents/agent-spec";
import { cordonReasons } from "@automna/core/nodes/node-health";
import { cellLimits, lostAgentDecisions, type CellAction } from "@automna/core/operators/cell-action";
import { sweepFindingKinds, sweepOutcomes } from "@automna/core/sweeps/plan-sweep";
import { z } from "zod";
import { waveSettingsSchema } from "./admin-waves.ts";

const ms = z.number().int();
const count = z.number().int();
const nodeId = z.string().regex(/^[\w.-]{1,64}$/);
const agentId = z.string().regex(/^agt_[0-9a-z]{20}$/);
const waveId = z.string().regex(/^wav_[0-9a-z]{20}$/);

export const nodeParams = z.object({ nodeId });

const drainSchema = z.object({
  id: z.string(),
  state: z.enum(["running", "done", "cancelled"]),
  concurrency: count,
  total: count,
  /** Still on the node, and of those: on their way, and refused by every other node or failed. */
  left: count,
  moving: count,
  stuck: count,
  createdAtMs: ms,
  endedAtMs: ms.nullable(),
});
export type DrainView = z.infer<typeof drainSchema>;

const nodeSchema = z.object({
  id: z.string(),
  cellId: z.string(),
  name: z.string(),
  address: z.string(),
  /** The one customer whose agents it carries; null = shared. */
  ownerId: z.string().nullable(),
  cordon: z.object({ reason: z.enum(cordonReasons), sinceMs: ms }).nullable(),
  drainingSinceMs: ms.nullable(),
  lostSinceMs: ms.nullable(),
  seenAtMs: ms,
  /** Null = not counted. */
  memoryMb: count.nullable(),
  /** Where dozing agents leave their memory; null = not asked yet. */
  swapMb: count.nullable(),
  awakeLimit: count.nullable(),
  load: z.object({ reservedMb: count, awake: count, slots: count, ports: count, portsLeft: count }),
  /** Slots that are nobody's yet, by how far they are. */
  warm: z.object({ ready: count, making: count, retiring: count }),
  /** Boots under way and what waits for its turn; people go before what is made in advance. */
  gate: z.object({ booting: count, waiting: count, waitingPeople: count }),
  /** Slots that could not run there lately. */
  failures: count,
  /** The newest; null = there was none. */
  drain: drainSchema.nullable(),
});
export type NodeView = z.infer<typeof nodeSchema>;

/** How many slots of which tier each node is to hold ready. */
export const warmWishesSchema = z.array(z.object({ tier: z.string(), perNode: count }));
const warmPoolSchema = z.object({
  /** Operators want none made since then; null = they do. */
  pausedSinceMs: ms.nullable(),
  /** As the cell's provisioner is told; none = the pool is off. */
  wishes: warmWishesSchema,
});
export type WarmPoolView = z.infer<typeof warmPoolSchema>;

/** GET /api/admin/cells. */
export const cellListSchema = z.object({
  cells: z.array(
    z.object({ id: z.string(), runtime: z.string(), warmPool: warmPoolSchema, nodes: z.array(nodeSchema) }),
  ),
});
export type CellList = z.infer<typeof cellListSchema>;

const placedAgentSchema = z.object({
  id: z.string(),
  name: z.string(),
  userId: z.string(),
  email: z.string(),
  tier: z.string(),
  phase: z.enum(agentPhases),
  desired: z.enum(desiredStates),
  reason: z.string().nullable(),
  /** The reason in words. */
  message: z.string().nullable(),
  phaseSinceMs: ms,
  nodeId: z.string().nullable(),
  image: z.string().nullable(),
  workingSetMb: count.nullable(),
  isMoveWished: z.boolean(),
});
export type PlacedAgent = z.infer<typeof placedAgentSchema>;

/** GET /api/admin/agents: those on a node, in a phase, or all; who has been as they are for longest first. */
export const placedAgentsQuerySchema = z.strictObject({
  nodeId: nodeId.optional(),
  phase: z.enum(agentPhases).optional(),
});
export const placedAgentsSchema = z.object({ agents: z.array(placedAgentSchema), isCut: z.boolean() });

/** GET /api/admin/nodes/:nodeId. */
export const nodeAnswerSchema = z.object({ node: nodeSchema, agents: z.array(placedAgentSchema), isCut: z.boolean() });

/** GET /api/admin/sweeps: newest first. */
export const sweepListSchema = z.object({
  reports: z.array(
    z.object({
      id: z.string(),
      cellId: z.string(),
      isDryRun: z.boolean(),
      requestedBy: z.string().nullable(),
      requestedAtMs: ms,
      /** Null = it waits for a sweep. */
      firstAtMs: ms.nullable(),
      lastAtMs: ms.nullable(),
      turns: count,
      seen: count,
      problem: z.string().nullable(),
      findings: z.array(
        z.object({
          kind: z.enum(sweepFindingKinds),
          slotId: z.string(),
          nodeId: z.string().nullable(),
          agentId: z.string().nullable(),
          sinceMs: ms,
          outcome: z.enum(sweepOutcomes),
          error: z.string().optional(),
        }),
      ),
    }),
  ),
});
export type SweepReportView = z.infer<typeof sweepListSchema>["reports"][number];

/** GET /api/admin/cells/actions: what operators did, newest first. */
export const cellActionsSchema = z.object({
  actions: z.array(
    z.object({
      id: z.string(),
      operatorId: z.string(),
      action: z.string(),
      subject: z.string(),
      reason: z.string(),
      input: z.unknown(),
      before: z.unknown(),
      after: z.unknown(),
      atMs: ms,
    }),
  ),
});

const whole = (least: number, most: number) =>
  z.number().int("Whole numbers only.").min(least, `At least ${least}.`).max(most, `At most ${most}.`);

const cellActionSchema = z.discriminatedUnion("type", [
  z.strictObject({ type: z.literal("cordon_node"), nodeId }),
  z.strictObject({ type: z.literal("uncordon_node"), nodeId }),
  z.strictObject({ type: z.literal("drain_node"), nodeId, concurrency: whole(1, cellLimits.drainConcurrency) }),
  z.strictObject({ type: z.literal("stop_drain"), nodeId }),
  z.strictObject({ type: z.literal("move_agent"), agentId, nodeId: nodeId.nullable() }),
  z.strictObject({ type: z.literal("decide_lost_agent"), agentId, decision: z.enum(lostAgentDecisions) }),
  z.strictObject({
    type: z.literal("create_wave"),
    image: z.string().trim().min(1, "Name the image.").max(300),
    settings: waveSettingsSchema,
  }),
  z.strictObject({ type: z.literal("start_wave"), waveId }),
  z.strictObject({ type: z.literal("pause_wave"), waveId }),
  z.strictObject({ type: z.literal("halt_wave"), waveId }),
  z.strictObject({ type: z.literal("roll_back_wave"), waveId }),
  z.strictObject({
    type: z.literal("defer_upgrades"),
    userId: z.string().regex(/^user_[0-9A-Za-z]{8,64}$/),
    days: whole(0, cellLimits.deferDays),
  }),
  z.strictObject({ type: z.literal("request_dry_run"), cellId: nodeId }),
  z.strictObject({ type: z.literal("pause_warm_pool"), cellId: nodeId }),
  z.strictObject({ type: z.literal("resume_warm_pool"), cellId: nodeId }),
]) satisfies z.ZodType<CellAction>;

/** POST /api/admin/cells/actions. */
export const actOnCellsSchema = z.strictObject({
  /** Made once for each intent: the same key again does nothing more and answers the same. */
  key: z.string().regex(/^[\w-]{16,64}$/),
  reason: z.string().trim().min(5, "Say why, in at least 5 characters.").max(500),
  action: cellActionSchema,
});
export type ActOnCells = z.input<typeof actOnCellsSchema>;
