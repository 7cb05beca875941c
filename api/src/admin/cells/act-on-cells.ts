import { isDeepStrictEqual } from "node:util";
import { appError, errorCatalogue, isErrorCode } from "@automna/contract/error-catalogue";
import type { CellAction } from "@automna/core/operators/cell-action";
import { isAppError } from "@automna/core/shared/app-error";
import { transactionLimits, type Database, type Transaction } from "@automna/records/database";
import { newId } from "@automna/service-kit/new-id";
import type { ActionFacts } from "../actions/action.ts";
import type { CellActionDeps } from "./actions/cell-action.ts";
import { executeCellAction, subjectOf } from "./actions/executors.ts";

export interface CellIntent {
  key: string;
  operatorId: string;
  reason: string;
  action: CellAction;
}

export interface CellActed {
  actionId: string;
  /** It was done before, under the same key. */
  isRepeat: boolean;
  after: ActionFacts;
}

/**
 * Writes an operator's wish and what is known before and after it in one transaction: both or neither. The same key again
 * answers what it answered. Throws `operator_key_used`, and what refuses the action; a refusal is written down too.
 */
export async function actOnCells(deps: CellActionDeps, intent: CellIntent): Promise<CellActed> {
  const { db } = deps;
  const hints = new Set<string>();
  try {
    const acted = await db.$transaction(async (tx) => {
      const known = await findKnown(tx, intent);
      if (known !== null) return known;
      const { operatorId, action } = intent;
      const actionId = newId("cla");
      const hint = (agentId: string) => void hints.add(agentId);
      const context = { tx, actionId, operatorId, now: new Date(deps.now()), hint };
      const { subject, before, after } = await executeCellAction(context, action);
      await write(tx, { ...intent, actionId, subject, before, after, at: context.now });
      return { actionId, isRepeat: false, after };
    }, transactionLimits);
    for (const agentId of hints) await deps.hint(agentId);
    return acted;
  } catch (error) {
    if (isRefusal(error)) await writeRefusal(deps, intent, error.code);
    throw error;
  }
}

/** What was answered under this key; null = nothing yet. Holds the key until the transaction ends. */
async function findKnown(tx: Transaction, { key, operatorId, action }: CellIntent): Promise<CellActed | null> {
  await tx.$queryRaw`SELECT pg_advisory_xact_lock(hashtext(${`cell-action:${key}`}))::text`;
  const known = await tx.cellAction.findUnique({ where: { key } });
  if (known === null) return null;
  const { type, ...input } = action;
  const isSame = known.operatorId === operatorId && known.action === type && isDeepStrictEqual(known.input, input);
  if (!isSame) throw appError("operator_key_used");
  const after = known.after as ActionFacts;
  const { refused } = after;
  if (typeof refused === "string" && isErrorCode(refused)) throw appError(refused);
  return { actionId: known.id, isRepeat: true, after };
}

interface Written extends CellIntent {
  actionId: string;
  subject: string;
  before: ActionFacts;
  after: ActionFacts;
  at: Date;
}

async function write(tx: Database | Transaction, written: Written): Promise<void> {
  const { actionId: id, key, operatorId, reason, subject, before, after, at } = written;
  const { type, ...rest } = written.action;
  const input = "settings" in rest ? { ...rest, settings: { ...rest.settings } } : rest;
  const data = { id, key, operatorId, reason, action: type, subject, input, before, after, at };
  await tx.cellAction.createMany({ data: [data], skipDuplicates: true });
}

/** What another try would meet again; a key that stands for something else has its row already. */
function isRefusal(error: unknown): error is Error & { code: string } {
  if (!isAppError(error) || !isErrorCode(error.code) || error.code === "operator_key_used") return false;
  const { kind } = errorCatalogue[error.code];
  return kind === "user" || kind === "conflict";
}

async function writeRefusal({ db, now }: CellActionDeps, intent: CellIntent, refused: string): Promise<void> {
  const subject = subjectOf(intent.action);
  await write(db, {
    ...intent,
    actionId: newId("cla"),
    subject,
    before: {},
    after: { refused },
    at: new Date(now()),
  });
}
