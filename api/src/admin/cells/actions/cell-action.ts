import type { CellActions, CellActionType } from "@automna/core/operators/cell-action";
import type { Clock } from "@automna/core/shared/clock";
import type { Database, Transaction } from "@automna/records/database";
import type { ActionFacts } from "../../actions/action.ts";

export interface CellActionDeps {
  db: Database;
  /** Agents whose wish changed: the provisioner looks at them again. */
  hint: (agentId: string) => Promise<void>;
  now: Clock;
}

export interface CellActionContext {
  tx: Transaction;
  actionId: string;
  operatorId: string;
  now: Date;
  /** Told once the transaction is through. */
  hint: (agentId: string) => void;
}

export interface CellActionOutcome {
  subject: string;
  before: ActionFacts;
  after: ActionFacts;
}

/** Writes a wish in the caller's transaction. Throws AppError when it can't be. */
export type CellActionExecutor<Type extends CellActionType> = (
  context: CellActionContext,
  input: CellActions[Type],
) => Promise<CellActionOutcome>;
