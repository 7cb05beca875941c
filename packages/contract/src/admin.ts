import { agentActions } from "@automna/core/agents/agent-abilities";
import { agentPhases } from "@automna/core/agents/agent-phase";
import { desiredStates } from "@automna/core/agents/agent-spec";
import { dunningStates } from "@automna/core/billing/dunning";
import { operatorLimits } from "@automna/core/operators/operator-action";
import { tiers } from "@automna/core/tiers/catalogue";
import { z } from "zod";

const ms = z.number().int();
const userState = z.enum(["active", "suspended", "deleted"]);

/** GET /api/admin/customers: e-mail, name, user id, agent id or Stripe's customer id, or the beginning of one. */
export const findCustomersSchema = z.strictObject({
  q: z.string().trim().min(2, "Write at least 2 characters.").max(100),
});
export const foundCustomersSchema = z.object({
  customers: z.array(
    z.object({
      userId: z.string(),
      email: z.string(),
      name: z.string(),
      state: userState,
      tier: z.enum(tiers).nullable(),
      agentPhase: z.enum(agentPhases).nullable(),
      createdAtMs: ms,
    }),
  ),
  /** There are more than were answered. */
  isCut: z.boolean(),
});
export type FoundCustomers = z.infer<typeof foundCustomersSchema>;

/** GET /api/admin/customers/:userId. */
export const customerViewSchema = z.object({
  user: z.object({
    id: z.string(),
    email: z.string(),
    name: z.string(),
    issuer: z.string(),
    state: userState,
    createdAtMs: ms,
    stripeCustomerId: z.string().nullable(),
  }),
  suspension: z.object({ reason: z.string(), operatorId: z.string(), atMs: ms }).nullable(),
  plan: z.object({
    tier: z.enum(tiers).nullable(),
    dunning: z.enum(dunningStates),
    deadlineMs: ms.nullable(),
    comp: z.object({ tier: z.enum(tiers).nullable(), expiresAtMs: ms }).nullable(),
    subscriptions: z.array(
      z.object({
        id: z.string(),
        tier: z.enum(tiers).nullable(),
        status: z.string(),
        periodEndMs: ms,
        endsAtPeriodEnd: z.boolean(),
      }),
    ),
  }),
  credits: z.object({ available: z.number().int(), held: z.number().int(), spent: z.number().int() }),
  agents: z.array(
    z.object({
      id: z.string(),
      name: z.string(),
      phase: z.enum(agentPhases),
      desired: z.enum(desiredStates),
      phaseSinceMs: ms,
      reason: z.string().nullable(),
      abilities: z.array(z.enum(agentActions)),
    }),
  ),
  support: z.object({ id: z.string(), operatorId: z.string(), reason: z.string(), endsAtMs: ms }).nullable(),
  /** False where nothing is sold: then nothing can be refunded or comped. */
  sells: z.boolean(),
});
export type CustomerView = z.infer<typeof customerViewSchema>;

/** GET /api/admin/customers/:userId/payments: what was paid and could be refunded, newest first. */
export const customerPaymentsSchema = z.object({
  payments: z.array(
    z.object({
      invoiceId: z.string(),
      number: z.string().nullable(),
      atMs: ms,
      paidCents: z.number().int(),
      /** Three letters, as Stripe has them. */
      currency: z.string(),
    }),
  ),
});

/** GET /api/admin/customers/:userId/events: what happened to their agents, newest first. */
export const customerEventsSchema = z.object({
  events: z.array(
    z.object({
      id: z.string(),
      agentId: z.string(),
      type: z.string(),
      phase: z.string(),
      message: z.string(),
      atMs: ms,
    }),
  ),
});

/** GET /api/admin/customers/:userId/audit: who did what, operators and the customer alike, newest first. */
export const customerAuditSchema = z.object({
  entries: z.array(
    z.object({
      id: z.string(),
      atMs: ms,
      /** Null = the platform itself. */
      actorId: z.string().nullable(),
      isOperator: z.boolean(),
      action: z.string(),
      subject: z.string(),
      reason: z.string().nullable(),
      input: z.unknown(),
      before: z.unknown(),
      /** Null = cut short; the same call again finishes it. */
      after: z.unknown(),
    }),
  ),
});

const agentId = z.string().regex(/^agt_[0-9a-z]{20}$/);
const whole = (most: number) =>
  z
    .number()
    .int("Whole numbers only.")
    .min(1)
    .max(most, `At most ${most.toLocaleString("en")}.`);

export const operatorActionSchema = z.discriminatedUnion("type", [
  z.strictObject({
    type: z.literal("grant_credits"),
    credits: whole(operatorLimits.grantCredits),
    expiresInDays: whole(operatorLimits.grantDays).nullable(),
  }),
  z.strictObject({
    type: z.literal("refund"),
    invoiceId: z.string().regex(/^in_\w{1,80}$/),
    amountCents: whole(operatorLimits.refundCents),
  }),
  z.strictObject({ type: z.literal("comp_tier"), tier: z.enum(tiers), days: whole(operatorLimits.compDays) }),
  z.strictObject({ type: z.literal("end_comp") }),
  z.strictObject({ type: z.literal("suspend") }),
  z.strictObject({ type: z.literal("unsuspend") }),
  z.strictObject({ type: z.literal("start_agent"), agentId }),
  z.strictObject({ type: z.literal("stop_agent"), agentId }),
  z.strictObject({ type: z.literal("restart_agent"), agentId }),
  z.strictObject({ type: z.literal("open_support"), hours: whole(operatorLimits.supportHours) }),
  z.strictObject({ type: z.literal("close_support") }),
]);

/** POST /api/admin/customers/:userId/actions. */
export const actOnCustomerSchema = z.strictObject({
  /** Made once for each intent: the same key again does nothing more and answers the same. */
  key: z.string().regex(/^[\w-]{16,64}$/),
  reason: z.string().trim().min(5, "Say why, in at least 5 characters.").max(500),
  action: operatorActionSchema,
});
export type ActOnCustomer = z.input<typeof actOnCustomerSchema>;
export const actedSchema = z.object({
  actionId: z.string(),
  isRepeat: z.boolean(),
  after: z.record(z.string(), z.unknown()),
});

/** GET /api/support-access: who of the operators may look at what is yours now, why and until when. */
export const supportAccessSchema = z.object({
  access: z.object({ id: z.string(), reason: z.string(), startedAtMs: ms, endsAtMs: ms }).nullable(),
});
export type SupportAccessView = z.infer<typeof supportAccessSchema>;
