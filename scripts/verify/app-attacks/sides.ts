import { randomBytes, scryptSync } from "node:crypto";
import type { PrismaClient } from "@automna/prisma/client";
import { newId } from "@automna/service-kit/new-id";
import { newKeyRingJson, parseKeyRing } from "@automna/service-kit/secret-box";
import { createTestDatabase, startTestPostgres, type TestDatabase } from "@automna/testkit/postgres";
import { defaultAppLimits, type AppLimits } from "../../../proxy/src/apps/app-limits.ts";
import { makePasses } from "../../../proxy/src/apps/app-pass.ts";
import { PASS_KEY, startAppsListener, type AppOwner, type AppsHarness } from "../../../proxy/test/apps-harness.ts";
import { startStandInAgentd, type StandInAgentd } from "../../../proxy/test/stand-in-agentd.ts";
import type { ScenarioContext } from "../harness/scenario.ts";
import { ADAS_APPS, PASSWORD, type AppControl, type AppSide } from "./app-attack.ts";
import { permissiveAppGuards } from "./permissive-app-guards.ts";

/** What protects the machine from a crowd would only hide what happens to one request. */
const crowd = { requestsPerS: 1e6, requestsBurst: 1e6, underWay: 1e6 };
const OURS: Partial<AppLimits> = { app: crowd, address: crowd };
const CONTROLS: Partial<AppLimits> = { ...OURS, attemptsPerMinute: { address: 1e6, app: 1e6 } };

export interface AppSides {
  ours: AppSide;
  control: (name: AppControl) => Promise<AppSide>;
}

interface Owners {
  ada: AppOwner;
  adaAgent: StandInAgentd;
  bert: AppOwner;
}

/** Listeners over one database and the same owners: the real one, and for each control one with that check off. */
export async function openAppSides(ctx: ScenarioContext): Promise<AppSides> {
  const postgres = await startTestPostgres();
  ctx.onCleanup("stop Postgres", () => postgres.stop());
  const database = await createTestDatabase(postgres.adminUrl);
  const ring = parseKeyRing(newKeyRingJson());
  const first = await open(ctx, database, { ring, limits: OURS });
  const owners = await addOwners(ctx, first);
  const controls = new Map<AppControl, Promise<AppSide>>();
  const startControl = async (name: AppControl) =>
    toSide(await open(ctx, database, { limits: CONTROLS, ...without(name, first.db), ring }), owners);
  return {
    ours: toSide(first, owners),
    control(name) {
      const known = controls.get(name) ?? startControl(name);
      controls.set(name, known);
      return known;
    },
  };
}

type ListenerOptions = Parameters<typeof startAppsListener>[1];

async function open(ctx: ScenarioContext, database: TestDatabase, options: ListenerOptions): Promise<AppsHarness> {
  const harness = await startAppsListener(database, { addressHeader: "x-test-address", ...options });
  ctx.onCleanup("close an apps listener", () => harness[Symbol.asyncDispose]());
  return harness;
}

/** A listener's options with exactly one check off. */
function without(name: AppControl, db: PrismaClient): ListenerOptions & object {
  if (name === "attempts") return { limits: CONTROLS };
  if (name === "single use") {
    return {
      redeemTicket: async (hash) => db.appTicket.findUnique({ where: { hash: Uint8Array.from(hash) } }),
    };
  }
  return { replaceGuards: (real) => ({ ...real, [name]: permissiveAppGuards[name] }) };
}

async function addOwners(ctx: ScenarioContext, harness: AppsHarness): Promise<Owners> {
  // They let everything through: what the listener forgets shows here, and is not hidden by agentd's own gate.
  const start = async () => {
    const agentd = await startStandInAgentd({ slotId: newId("slt"), agentId: newId("agt"), isOpen: true });
    ctx.onCleanup("close an agentd", () => agentd.crash());
    return agentd;
  };
  const adaAgent = await start();
  const [ada, bert] = [await harness.addOwner(adaAgent), await harness.addOwner(await start())];
  await ada.setApp(ADAS_APPS.open);
  await ada.setApp(ADAS_APPS.locked, { visibility: "password", passwordHash: cheapHash(PASSWORD) });
  await ada.setApp(ADAS_APPS.own, { visibility: "private" });
  await ada.setApp(ADAS_APPS.off, { visibility: "private", isOn: false });
  await bert.setApp(ADAS_APPS.own, { visibility: "private" });
  return { ada, adaAgent, bert };
}

function toSide({ port, visit, db }: AppsHarness, owners: Owners): AppSide {
  const passes = makePasses({ key: PASS_KEY, now: Date.now });
  return {
    port,
    visit,
    ...owners,
    async passFor(name, as) {
      const { agentId, userId, handle, sessionId } = owners.ada;
      const app = await db.app.findUniqueOrThrow({ where: { agentId_name: { agentId, name } } });
      const by = as === "owner" ? userId : (app.passwordHash ?? "");
      const passFor = { label: `${name}--${handle}`, agentId, name, by };
      const setCookie = as === "owner" ? passes.giveOwner(sessionId, passFor) : passes.givePassword(passFor);
      return setCookie.split(";", 1)[0] ?? "";
    },
  };
}

/** Of the real form, but quick: what is tried here is how often one may guess. */
function cheapHash(password: string): string {
  const salt = randomBytes(16);
  const hash = scryptSync(password, salt, 32, { cost: 16, blockSize: 8, parallelization: 1 });
  return `scrypt$16$8$1$${salt.toString("base64url")}$${hash.toString("base64url")}`;
}

/** For the report: what the real limits are. */
export const realAttempts = defaultAppLimits.attemptsPerMinute;
