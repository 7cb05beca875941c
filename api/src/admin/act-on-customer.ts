import { isDeepStrictEqual } from "node:util";
import { appError, errorCatalogue, isErrorCode } from "@automna/contract/error-catalogue";
import { operatorRefusal, type OperatorAction } from "@automna/core/operators/operator-action";
import { isAppError } from "@automna/core/shared/app-error";
import type { OperatorAction as ActionRecord } from "@automna/prisma/generated/client";
import type { Database } from "@automna/records/database";
import { newId } from "@automna/service-kit/new-id";
import type { ActionContext, ActionDeps, ActionFacts } from "./actions/action.ts";
import { execute } from "./actions/executors.ts";
import { readSnapshot } from "./read-snapshot.ts";

export interface ActionIntent {
  key: string;
  operatorId: string;
  userId: string;
  reason: string;
  action: OperatorAction;
}

export interface Acted {
  actionId: string;
  /** It was done before, under the same key. */
  isRepeat: boolean;
  after: ActionFacts;
}

/**
 * Does something to a customer's affairs: first the intent is written down, then it is done, then what came of it is written
 * down. The same key again finishes what was cut short, and does nothing more once it is finished. Throws
 * `customer_not_found`, `operator_self_dealing`, `operator_key_used` and whatever refuses the action itself.
 */
export async function actOnCustomer(deps: ActionDeps, intent: ActionIntent): Promise<Acted> {
  const { db } = deps;
  const refusal = operatorRefusal(intent.action, intent);
  if (refusal !== null) throw appError(refusal);
  const record = await writeIntent(deps, intent);
  const known = await findOutcome(db, record.id);
  if (known !== null) return { ...answer(record.id, known), isRepeat: true };
  const context: ActionContext = {
    actionId: record.id,
    operatorId: record.operatorId,
    userId: record.userId,
    reason: record.reason,
    async finish(tx, facts = {}) {
      const after = { ...(await readSnapshot({ ...deps, tx }, record.userId)), ...facts };
      // Fails when somebody else finished it meanwhile, and takes the transaction of the act back with it.
      await tx.operatorOutcome.create({ data: { actionId: record.id, after, at: new Date(deps.now()) } });
    },
  };
  try {
    await execute(deps, context, intent.action);
  } catch (error) {
    const finished = await findOutcome(db, record.id);
    if (finished !== null) return { ...answer(record.id, finished), isRepeat: true };
    if (isRefusal(error)) await writeRefusal(deps, record.id, error.code);
    throw error;
  }
  return { ...answer(record.id, await findOutcome(db, record.id)), isRepeat: false };
}

async function writeIntent(deps: ActionDeps, intent: ActionIntent): Promise<ActionRecord> {
  const { db, now } = deps;
  const { key, operatorId, userId, reason, action } = intent;
  const { type, ...input } = action;
  const user = await db.user.findUnique({ where: { id: userId }, select: { id: true } });
  if (user === null) throw appError("customer_not_found");
  const before = await readSnapshot({ ...deps, tx: db }, userId);
  const data = { id: newId("opa"), key, operatorId, userId, action: type, reason, input, before, at: new Date(now()) };
  await db.operatorAction.createMany({ data: [data], skipDuplicates: true });
  const record = await db.operatorAction.findUniqueOrThrow({ where: { key } });
  const isSame =
    record.operatorId === operatorId &&
    record.userId === userId &&
    record.action === type &&
    isDeepStrictEqual(record.input, input);
  if (!isSame) throw appError("operator_key_used");
  return record;
}

async function findOutcome(db: Database, actionId: string): Promise<ActionFacts | null> {
  const outcome = await db.operatorOutcome.findUnique({ where: { actionId } });
  return outcome === null ? null : (outcome.after as ActionFacts);
}

/** Throws the refusal that the action met. */
function answer(actionId: string, after: ActionFacts | null): Omit<Acted, "isRepeat"> {
  const refused = after?.["refused"];
  if (typeof refused === "string" && isErrorCode(refused)) throw appError(refused);
  return { actionId, after: after ?? {} };
}

/** What another try would meet again; what is only away for now stays open. */
function isRefusal(error: unknown): error is Error & { code: string } {
  return (
    isAppError(error) &&
    isErrorCode(error.code) &&
    (errorCatalogue[error.code].kind === "user" || errorCatalogue[error.code].kind === "conflict")
  );
}

async function writeRefusal({ db, now }: ActionDeps, actionId: string, refused: string): Promise<void> {
  await db.operatorOutcome.createMany({
    data: [{ actionId, after: { refused }, at: new Date(now()) }],
    skipDuplicates: true,
  });
}
