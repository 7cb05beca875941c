import type { OperatorActions, OperatorActionType } from "@automna/core/operators/operator-action";
import type { Tier } from "@automna/core/tiers/catalogue";
import type { Clock } from "@automna/core/shared/clock";
import type { Database, Transaction } from "@automna/records/database";
import type { Pool } from "@automna/records/pool";
import type { Stripe } from "stripe";

/** What is known of an action before and after it, for the audit. */
export type ActionFacts = Readonly<Record<string, string | number | boolean | null>>;

export interface ActionDeps {
  db: Database;
  pool: Pool;
  /** Null = nothing is sold here. */
  stripe: Stripe | null;
  /** The plan of who bought none; null = there is none. */
  freeTier: Tier | null;
  /** Agents whose wish changed: the provisioner looks at them again. */
  hint: (agentId: string) => Promise<void>;
  now: Clock;
}

export interface ActionContext {
  /** Of the written intent; also the idempotency key of whatever others do for it. */
  actionId: string;
  operatorId: string;
  userId: string;
  reason: string;
  /** Writes down what came of it. In the transaction of the act where there is one, so that both or neither happen. */
  finish: (tx: Database | Transaction, facts?: ActionFacts) => Promise<void>;
}

/** Does an action. Safe to repeat after a crash at any line: it finishes once. Throws AppError when it can't be done. */
export type ActionExecutor<Type extends OperatorActionType> = (
  deps: ActionDeps,
  context: ActionContext,
  input: OperatorActions[Type],
) => Promise<void>;
