import type { FoundApp } from "@automna/contract/apps";
import { appError } from "@automna/contract/error-catalogue";
import type { AppVisibility } from "@automna/core/apps/app-settings";
import type { App } from "@automna/prisma/generated/client";
import { lockAgent, type AgentRecord } from "@automna/records/agents";
import { appendAudit } from "@automna/records/audit";
import { notify, transactionLimits, type Database } from "@automna/records/database";

export type AppRow = App;

/** What the agent has at the moment, as far as is known, in order of name. */
export async function listApps(db: Database, agentId: string): Promise<AppRow[]> {
  return db.app.findMany({ where: { agentId, isPresent: true }, orderBy: { name: "asc" } });
}

/**
 * Remembers what the agent said that it has. An app that is gone keeps what its owner decided about it: one that comes
 * back must not be more open than it was. Saying the same again changes nothing but the time.
 */
export async function rememberApps(
  db: Database,
  { id: agentId, userId }: Pick<AgentRecord, "id" | "userId">,
  found: readonly FoundApp[],
  now: Date,
): Promise<void> {
  await db.$transaction(async (tx) => {
    await lockAgent(tx, agentId);
    const known = new Map((await tx.app.findMany({ where: { agentId } })).map((app) => [app.name, app]));
    let isChanged = false;
    for (const { name, kind, problem } of found) {
      const app = known.get(name);
      known.delete(name);
      if (app === undefined) {
        await tx.app.create({ data: { agentId, name, kind, problem, isPresent: true, seenAt: now } });
      } else if (!app.isPresent || app.kind !== kind || app.problem !== problem) {
        await tx.app.update({ where: { agentId_name: { agentId, name } }, data: { kind, problem, isPresent: true } });
      } else continue;
      isChanged = true;
    }
    const gone = [...known.values()].filter((app) => app.isPresent).map(({ name }) => name);
    await tx.app.updateMany({ where: { agentId, name: { in: gone } }, data: { isPresent: false } });
    // Nothing was ever decided about these.
    await tx.app.deleteMany({
      where: { agentId, isPresent: false, isOn: true, visibility: "public", passwordHash: null },
    });
    await tx.app.updateMany({ where: { agentId, isPresent: true }, data: { seenAt: now } });
    if (isChanged || gone.length > 0) await notify(tx, "apps_changed", { userId });
  }, transactionLimits);
}

export interface AppChange {
  isOn?: boolean | undefined;
  visibility?: AppVisibility | undefined;
  passwordHash?: string | undefined;
}

/** Records what the owner decided. Throws `app_not_found`, or `app_password_missing` when there is none to ask for. */
export async function changeApp(
  db: Database,
  { id: agentId, userId }: Pick<AgentRecord, "id" | "userId">,
  name: string,
  change: AppChange,
): Promise<AppRow> {
  return db.$transaction(async (tx) => {
    await lockAgent(tx, agentId);
    const app = await tx.app.findUnique({ where: { agentId_name: { agentId, name }, isPresent: true } });
    if (app === null) throw appError("app_not_found");
    const next = {
      isOn: change.isOn ?? app.isOn,
      visibility: change.visibility ?? app.visibility,
      passwordHash: change.passwordHash ?? app.passwordHash,
    };
    if (next.visibility === "password" && next.passwordHash === null) throw appError("app_password_missing");
    const isSame =
      next.isOn === app.isOn && next.visibility === app.visibility && next.passwordHash === app.passwordHash;
    if (isSame) return app;
    const changed = await tx.app.update({ where: { agentId_name: { agentId, name } }, data: next });
    await appendAudit(tx, {
      userId,
      action: "app.changed",
      subject: agentId,
      data: { name, isOn: next.isOn, visibility: next.visibility, newPassword: change.passwordHash !== undefined },
    });
    await notify(tx, "apps_changed", { userId });
    return changed;
  }, transactionLimits);
}

export interface NewTicket {
  hash: Buffer;
  agentId: string;
  name: string;
  userId: string;
  sessionId: string;
  expiresAt: Date;
}

/** Stores a ticket for the apps listener, and forgets those that nobody used in time. */
export async function storeTicket(db: Database, { hash, ...ticket }: NewTicket, now: Date): Promise<void> {
  await db.appTicket.deleteMany({ where: { expiresAt: { lte: now } } });
  await db.appTicket.create({ data: { ...ticket, hash: Uint8Array.from(hash) } });
}
