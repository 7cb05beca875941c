import type { Tier } from "../tiers/catalogue.ts";

/** What an operator may do to a customer's affairs, each with its arguments; executors and words derive from it. */
export interface OperatorActions {
  grant_credits: { credits: number; expiresInDays: number | null };
  refund: { invoiceId: string; amountCents: number };
  comp_tier: { tier: Tier; days: number };
  end_comp: Record<never, never>;
  suspend: Record<never, never>;
  unsuspend: Record<never, never>;
  start_agent: { agentId: string };
  stop_agent: { agentId: string };
  restart_agent: { agentId: string };
  open_support: { hours: number };
  close_support: Record<never, never>;
}
export type OperatorActionType = keyof OperatorActions;
export type OperatorAction = {
  [Type in OperatorActionType]: { type: Type } & OperatorActions[Type];
}[OperatorActionType];

/** The most that one action may give: more takes more than one, each with its reason. */
export const operatorLimits = {
  grantCredits: 50_000,
  grantDays: 366,
  refundCents: 50_000,
  compDays: 366,
  supportHours: 24,
} as const;

const moneyActions: ReadonlySet<OperatorActionType> = new Set(["grant_credits", "refund", "comp_tier"]);

/** Is it worth money to the customer? Then it is asked twice, and nobody does it for themselves. */
export function isMoney(type: OperatorActionType): boolean {
  return moneyActions.has(type);
}

/** May this operator do this to this customer? The reason of a refusal is a code of the error catalogue. */
export function operatorRefusal(
  { type }: Pick<OperatorAction, "type">,
  { operatorId, userId }: { operatorId: string; userId: string },
): "operator_self_dealing" | null {
  const isOwn = operatorId === userId;
  // Whoever keeps themselves out could not let themselves in again.
  return isOwn && (isMoney(type) || type === "suspend") ? "operator_self_dealing" : null;
}
