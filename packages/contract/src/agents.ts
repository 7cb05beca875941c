import { agentActions } from "@automna/core/agents/agent-abilities";
import { agentReasons } from "@automna/core/agents/agent-health";
import { agentPhases } from "@automna/core/agents/agent-phase";
import { desiredStates, modelSources } from "@automna/core/agents/agent-spec";
import { deployStages } from "@automna/core/agents/deploy-progress";
import { tiers } from "@automna/core/tiers/catalogue";
import { z } from "zod";

export const personalityMaxLength = 2_000;

/** POST /api/agents. */
export const deployAgentSchema = z.strictObject({
  name: z.string().trim().min(1, "Give your agent a name.").max(40, "At most 40 characters."),
  personality: z.string().trim().max(personalityMaxLength).default(""),
  modelSource: z.enum(modelSources),
});
export type DeployAgent = z.input<typeof deployAgentSchema>;

/** PUT /api/agents/:agentId/model. */
export const chooseModelSchema = z.strictObject({ modelSource: z.enum(modelSources) });

export const agentProgressSchema = z.object({
  stage: z.enum(deployStages),
  label: z.string(),
  percent: z.number().int().min(0).max(100),
  /** Usual length of this stage, ms. */
  usualMs: z.number().int(),
  /** When this stage began, ms since the epoch. */
  sinceMs: z.number().int(),
});

/** An agent as its owner sees it. Addresses and slots stay inside. */
export const agentViewSchema = z.object({
  id: z.string(),
  userId: z.string(),
  name: z.string(),
  personality: z.string(),
  modelSource: z.enum(modelSources),
  tier: z.enum(tiers),
  desired: z.enum(desiredStates),
  phase: z.enum(agentPhases),
  phaseSinceMs: z.number().int(),
  progress: agentProgressSchema,
  reason: z.object({ code: z.enum(agentReasons), title: z.string(), detail: z.string() }).nullable(),
  attempts: z.number().int(),
  retryAtMs: z.number().int().nullable(),
  abilities: z.array(z.enum(agentActions)),
  /** Path prefix of the agent behind the proxy, `/a/<userId>`. */
  path: z.string(),
  createdAtMs: z.number().int(),
});
export type AgentView = z.infer<typeof agentViewSchema>;

export const agentListSchema = z.object({ agents: z.array(agentViewSchema) });
export const agentAnswerSchema = z.object({ agent: agentViewSchema });
export type AgentAnswer = z.infer<typeof agentAnswerSchema>;

export const agentEventSchema = z.object({
  id: z.string(),
  type: z.string(),
  atMs: z.number().int(),
  phase: z.enum(agentPhases),
  message: z.string(),
});
export type AgentEventView = z.infer<typeof agentEventSchema>;

/**
 * GET /api/agents/:agentId/events as server-sent events: `event: agent` carries AgentView (at once, then on every
 * change), `event: log` carries AgentEventView (the last 50, then new ones), a comment every 15 s keeps it open.
 * `event: gone` ends it after the agent was deleted.
 */
export const agentStreamEvents = ["agent", "log", "gone"] as const;
