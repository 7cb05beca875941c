import type { LedgerOperation, OperationOutcome } from "@automna/core/credits/operations";
import type { MeteringRule } from "@automna/core/credits/meter-message";
import { findAccount } from "@automna/records/credits/account";
import { makeOperationBatcher, type OperationBatcher } from "@automna/records/credits/operation-batcher";
import { findModelAccess } from "@automna/records/model-access";
import { makePool, type Pool } from "@automna/records/pool";
import { insertUsage } from "@automna/records/usage/model-usage";
import { makeSilentLog } from "@automna/service-kit/log";
import { makeNotifyListener } from "@automna/service-kit/notify";
import { parseKeyRing } from "@automna/service-kit/secret-box";
import { makeEgress, type EgressDeps } from "../../../proxy/src/egress/egress.ts";
import type { ScenarioContext } from "../harness/scenario.ts";
import type { World } from "./world.ts";

export interface InProcessWish extends Pick<EgressDeps, "guards" | "limits"> {
  /** Holds nothing: looks at the balance, and charges afterwards. */
  isCareless?: boolean;
  meteringRule?: MeteringRule;
  /** Instead of the stand-in for the provider. */
  providerUrl?: string;
}

/** The real egress in this process, for one guard of it to be switched off. Answers its address. */
export async function startInProcess(ctx: ScenarioContext, world: World, wish: InProcessWish = {}): Promise<string> {
  const { database, fake, ringJson, platformKey } = world;
  const databaseUrl = database.urlAs("automna_egress");
  const pool = makePool(databaseUrl, { max: 6 });
  const log = makeSilentLog();
  const listener = makeNotifyListener(databaseUrl, log);
  const ledger = makeOperationBatcher({ pool, now: Date.now });
  const egress = makeEgress({
    findModelAccess: (slotId) => findModelAccess(pool, slotId),
    listener,
    ring: parseKeyRing(ringJson),
    providerUrl: wish.providerUrl ?? fake.url,
    platformKey,
    meteringRule: wish.meteringRule ?? "per-message",
    limits: wish.limits ?? { callsPerS: 1_000, callsAtOnce: 1_000 },
    ledger: wish.isCareless === true ? makeCareless(ledger, pool) : ledger,
    insertUsage: (rows) => insertUsage(pool, rows),
    log,
    now: Date.now,
    ...(wish.guards === undefined ? {} : { guards: wish.guards }),
  });
  const port = await egress.listen("127.0.0.1", 0);
  ctx.onCleanup("an egress of this process", async () => {
    await egress.drain(0);
    await listener.close();
    await pool.end();
  });
  return `http://127.0.0.1:${port}`;
}

/** What a gateway without holds does: the control of the limit. */
function makeCareless({ post, close }: OperationBatcher, pool: Pool): OperationBatcher {
  return {
    close,
    async post(operation: LedgerOperation): Promise<OperationOutcome> {
      const { userId, key } = operation;
      const account = await findAccount(pool, userId);
      const available = account?.balances.available ?? 0;
      const nothing = { outcome: "posted", isReplay: false, credits: 0, available } as const;
      if (operation.type === "hold")
        return available + (account?.overageCap ?? 0) > 0 ? nothing : { outcome: "refused", available, missing: 1 };
      if (operation.type !== "capture") return nothing;
      const { credits } = operation;
      return post({ type: "charge", userId, key, credits, resource: "ai_message", isOwed: true });
    },
  };
}
