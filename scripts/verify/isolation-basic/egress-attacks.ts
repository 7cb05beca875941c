import { EGRESS_HEADER } from "@automna/contract/headers";
import { findModelAccess } from "@automna/records/model-access";
import { insertUsage } from "@automna/records/usage/model-usage";
import { makeOperationBatcher } from "@automna/records/credits/operation-batcher";
import { makeSilentLog } from "@automna/service-kit/log";
import { makeNotifyListener } from "@automna/service-kit/notify";
import { seal } from "@automna/service-kit/secret-box";
import { deriveSlotKey, formatEgressCredential, parseEgressCredential } from "@automna/service-kit/slot-keys";
import { newAnthropicKey, startFakeAnthropic, type FakeAnthropic } from "@automna/testkit/fakes/anthropic";
import pg from "pg";
import { makeEgress } from "../../../proxy/src/egress/egress.ts";
import type { ModelEndpoint } from "../../../proxy/src/egress/endpoints.ts";
import type { ModelAccessFinder } from "../../../proxy/src/egress/find-model-access.ts";
import type { ScenarioContext } from "../harness/scenario.ts";
import { ask } from "./ask.ts";
import type { Person, World } from "./world.ts";

const message = { model: "claude-sonnet-4-5", max_tokens: 10, messages: [{ role: "user", content: "Hi" }] };
/** Every call that egress passes on; a new one does not compile without its attack. */
const calls: Record<ModelEndpoint, { method: string; path: string; body?: unknown }> = {
  messages: { method: "POST", path: "/v1/messages", body: message },
  count_tokens: { method: "POST", path: "/v1/messages/count_tokens", body: message },
  list_models: { method: "GET", path: "/v1/models" },
  get_model: { method: "GET", path: "/v1/models/claude-sonnet-4-5" },
};

/** What an agent that is not the victim's can show at the model gateway; none may be answered with the victim's key. */
export async function attackEgress(ctx: ScenarioContext, world: World): Promise<void> {
  const { alice, bob, db, ring } = world;
  const key = newAnthropicKey();
  const provider = await startFakeAnthropic({ keys: { [key]: "good" } });
  ctx.onCleanup("close the model provider's stand-in", () => provider.close());
  const envelope = Uint8Array.from(seal(ring, Buffer.from(key), { owner: bob.userId, kind: "model_key" }));
  const stored = { provider: "anthropic", envelope, last4: key.slice(-4), validatedAt: new Date() };
  await db.modelKey.create({ data: { userId: bob.userId, ...stored } });
  await db.agent.update({ where: { id: bob.agentId }, data: { modelSource: "byok" } });

  const [unsafe, safe] = [
    await startEgress(ctx, world, provider, true),
    await startEgress(ctx, world, provider, false),
  ];
  for (const [endpoint, call] of Object.entries(calls)) {
    const usesKey = async (port: number, credential: string | null) => {
      const before = provider.requests().length;
      await ask({
        port,
        ...call,
        headers: { "anthropic-version": "2023-06-01", ...(credential === null ? {} : { [EGRESS_HEADER]: credential }) },
      });
      return provider
        .requests()
        .slice(before)
        .some(({ headers }) => headers["x-api-key"] === key);
    };
    for (const [name, credential] of Object.entries(wrongCredentials(alice, bob))) {
      await ctx.attack({
        name: `egress, ${name}: ${endpoint}`,
        unsafe: () => usesKey(unsafe, credential),
        safe: () => usesKey(safe, credential),
      });
    }
    ctx.hold(
      await usesKey(safe, credentialOf(bob, bob)),
      `egress, one's own credential gets one's own key: ${endpoint}`,
    );
    ctx.hold(
      !(await usesKey(safe, credentialOf(alice, alice))),
      `egress, the other's own credential does not: ${endpoint}`,
    );
  }
  await db.agent.update({ where: { id: bob.agentId }, data: { modelSource: "demo" } });
}

/** A credential for one's slot with the other's key; null = none at all. */
function wrongCredentials(alice: Person, bob: Person): Record<string, string | null> {
  const { id, generation, rootKey } = bob.slot;
  return {
    "no credential": null,
    "another slot's key": credentialOf(bob, alice),
    "a wrong key": formatEgressCredential(id, generation, "x".repeat(43)),
    "the key of another generation": formatEgressCredential(
      id,
      generation,
      deriveSlotKey(rootKey, "egress", id, generation + 1),
    ),
    "the key that the proxy shows": formatEgressCredential(
      id,
      generation,
      deriveSlotKey(rootKey, "ingress", id, generation),
    ),
  };
}

function credentialOf(named: Person, holder: Person): string {
  const { id, generation, rootKey } = holder.slot;
  return formatEgressCredential(named.slot.id, named.slot.generation, deriveSlotKey(rootKey, "egress", id, generation));
}

/** The real model gateway on a free port; `isGullible` takes the slot's name for its key. Answers the port. */
async function startEgress(
  ctx: ScenarioContext,
  { database, ring, bob }: World,
  { url }: FakeAnthropic,
  isGullible: boolean,
): Promise<number> {
  const log = makeSilentLog();
  const databaseUrl = database.urlAs("automna_egress");
  const pool = new pg.Pool({ connectionString: databaseUrl, max: 2 });
  const listener = makeNotifyListener(databaseUrl, log);
  const gullible = (real: ModelAccessFinder): ModelAccessFinder => ({
    find: (credential) => {
      const slotId = parseEgressCredential(credential ?? "")?.slotId ?? bob.slot.id;
      return real.find(slotId === bob.slot.id ? credentialOf(bob, bob) : credential);
    },
    close: real.close,
  });
  const egress = makeEgress({
    findModelAccess: (slotId) => findModelAccess(pool, slotId),
    listener,
    ring,
    providerUrl: url,
    platformKey: null,
    meteringRule: "per-message",
    ledger: makeOperationBatcher({ pool, now: Date.now, lanes: 1 }),
    insertUsage: (rows) => insertUsage(pool, rows),
    log,
    now: Date.now,
    ...(isGullible ? { guards: { recognise: gullible } } : {}),
  });
  const port = await egress.listen("127.0.0.1", 0);
  ctx.onCleanup("close an egress", async () => {
    await egress.drain(0);
    await Promise.all([listener.close(), pool.end()]);
  });
  return port;
}
