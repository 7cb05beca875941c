import { gatewayStates } from "@automna/core/agents/observed-slot";
import { z } from "zod";

/** agentd's own paths; everything else on its port goes to the gateway. */
export const agentdPaths = {
  health: "/healthz",
  claim: "/_automna/claim",
  prepare: "/_automna/prepare",
  status: "/_automna/status",
  /** For the customer: stops a run that another connection started, which the gateway itself refuses them. */
  abort: "/agentd/abort",
  /** For the api, with the customer's session: what the agent has published. */
  appList: "/agentd/app-list",
} as const;

/** Files of published apps, `/agentd/apps/<name>/<path>`: opened by the apps key alone. */
export const AGENTD_APPS_PREFIX = "/agentd/apps/";

/** What a gateway's process is made from: all that a warm slot has before it is anybody's. */
export const prepareRequestSchema = z.strictObject({
  /** Model id of the provider, e.g. `claude-sonnet-4-5`, and the cheap one for recaps. */
  model: z.string(),
  utilityModel: z.string(),
  /** Heap cap of the gateway's process, MB; derived from the tier. */
  memoryMb: z.number().int().positive(),
});
export type PrepareRequest = z.infer<typeof prepareRequestSchema>;

/** What an agent is, as far as its slot needs to know. No key of the customer's is ever part of it (design D7). */
export const claimRequestSchema = prepareRequestSchema.extend({
  agentId: z.string(),
  userId: z.string(),
  name: z.string(),
  personality: z.string(),
  /** Start without what the owner has added (plugins, channels, skills): it is kept, and comes back without this. */
  isSafeMode: z.boolean().optional(),
});
export type ClaimRequest = z.infer<typeof claimRequestSchema>;

export const agentdStatusSchema = z.object({
  slotId: z.string(),
  generation: z.number().int(),
  agentId: z.string().nullable(),
  /** Fingerprint of the claim in force (service-kit/claim-hash), so that the planner sees an outdated one. */
  claimHash: z.string().nullable(),
  gateway: z.object({
    state: z.enum(gatewayStates),
    sinceMs: z.number().int(),
    restarts: z.number().int(),
    /** Plain words, e.g. `exited with code 1`, `killed by SIGKILL`; null before the first end. */
    lastExit: z.string().nullable(),
    /** Process start to ready of the last boot, ms. */
    bootMs: z.number().int().nullable(),
    pid: z.number().int().nullable(),
  }),
});
export type AgentdStatus = z.infer<typeof agentdStatusSchema>;

/** POST agentdPaths.abort; without `runId` whatever runs in the session is stopped. */
export const abortRequestSchema = z.strictObject({
  sessionKey: z.string().min(1).max(256),
  runId: z.string().min(1).max(128).optional(),
});
export const abortAnswerSchema = z.object({ aborted: z.boolean() });

/** GET /healthz?nonce=…: the proof that design D10 asks for before an address is trusted. */
export const healthSchema = z.object({
  ok: z.literal(true),
  status: z.literal("live"),
  slotId: z.string().optional(),
  generation: z.number().int().optional(),
  agentId: z.string().nullable().optional(),
  proof: z.string().optional(),
});

/** What the proof signs. */
export function proofText(nonce: string, slotId: string, generation: number, agentId: string | null): string {
  return `${nonce}.${slotId}.${generation}.${agentId ?? ""}`;
}

export const nonceSchema = z.string().regex(/^[0-9a-f]{32,128}$/);
