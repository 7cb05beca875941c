import { waveLimits, waveMemberStates, waveStates, type WaveSettings } from "@automna/core/upgrades/wave";
import { z } from "zod";

const ms = z.number().int();
const count = z.number().int();

export const waveParams = z.object({ waveId: z.string().regex(/^wav_[0-9a-z]{20}$/) });

export const waveSettingsSchema = z.strictObject({
  canaries: z.number().int().min(1).max(waveLimits.canaries),
  soakMs: z.number().int().min(0).max(waveLimits.soakMs),
  growth: z.number().min(1).max(waveLimits.growth),
  maxBatch: z.number().int().min(1).max(waveLimits.maxBatch),
  maxFailureShare: z.number().min(0).max(1),
  takesBack: z.enum(["unwell", "all"]),
}) satisfies z.ZodType<WaveSettings>;

const waveSchema = z.object({
  id: z.string(),
  image: z.string(),
  state: z.enum(waveStates),
  settings: waveSettingsSchema,
  /** Why it changed its state by itself; null = an operator did it. */
  why: z.string().nullable(),
  createdBy: z.string(),
  createdAtMs: ms,
  startedAtMs: ms.nullable(),
  endedAtMs: ms.nullable(),
  total: count,
  counts: z.record(z.enum(waveMemberStates), count),
  /** Number of the newest batch, from 0; null = none was begun. */
  batch: count.nullable(),
  abilities: z.array(z.enum(["start", "pause", "halt", "roll_back"])),
});
export type WaveView = z.infer<typeof waveSchema>;

/** GET /api/admin/waves: newest first. */
export const waveListSchema = z.object({ waves: z.array(waveSchema) });

/** GET /api/admin/waves/:waveId. */
export const waveAnswerSchema = z.object({
  wave: waveSchema,
  members: z.array(
    z.object({
      agentId: z.string(),
      userId: z.string(),
      email: z.string(),
      state: z.enum(waveMemberStates),
      batch: count.nullable(),
      reason: z.string().nullable(),
      deferredUntilMs: ms.nullable(),
      settledAtMs: ms.nullable(),
    }),
  ),
});
export type WaveAnswer = z.infer<typeof waveAnswerSchema>;
