import { createWriteStream } from "node:fs";
import { mkdir, writeFile } from "node:fs/promises";
import { fork, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { postOperations } from "@automna/records/credits/post-operations";
import { setOverageCap } from "@automna/records/credits/account";
import { makePool, type Pool } from "@automna/records/pool";
import type { ModelSource } from "@automna/core/agents/agent-spec";
import type { Tier } from "@automna/core/tiers/catalogue";
import { newId } from "@automna/service-kit/new-id";
import { newKeyRingJson, parseKeyRing, seal } from "@automna/service-kit/secret-box";
import { deriveSlotKey, egressKeyHash, formatEgressCredential, newRootKey } from "@automna/service-kit/slot-keys";
import { newAnthropicKey, startFakeAnthropic, type FakeAnthropic } from "@automna/testkit/fakes/anthropic";
import { findFreePort } from "@automna/testkit/free-port";
import { createTestDatabase, startTestPostgres, type TestDatabase } from "@automna/testkit/postgres";
import type { ScenarioContext } from "../harness/scenario.ts";
import { answerAsTold } from "./directives.ts";

export interface Customer {
  userId: string;
  agentId: string;
  /** What its agentd shows. */
  credential: string;
  source: ModelSource;
}

export interface EgressProcess {
  url: string;
  child: ChildProcess;
}

export interface World {
  database: TestDatabase;
  owner: Pool;
  fake: FakeAnthropic;
  ringJson: string;
  platformKey: string;
  ownKey: string;
  /** Everything that the processes write lies here. */
  logs: string;
  addCustomer: (wish?: CustomerWish) => Promise<Customer>;
  startEgress: (name: string) => Promise<EgressProcess>;
}

export interface CustomerWish {
  source?: ModelSource;
  tier?: Tier;
  credits?: number;
  cap?: number;
}

/** A durable Postgres, a stand-in for the provider that knows two keys, and whatever customers and processes are asked for. */
export async function makeWorld(ctx: ScenarioContext): Promise<World> {
  const server = await startTestPostgres({ isDurable: true });
  ctx.onCleanup("the Postgres server", server.stop);
  const database = await createTestDatabase(server.adminUrl);
  const owner = makePool(database.url, { max: 4 });
  ctx.onCleanup("the owner's connections", () => owner.end());
  const [platformKey, ownKey] = [newAnthropicKey(), newAnthropicKey()];
  const fake = await startFakeAnthropic({ keys: { [platformKey]: "good", [ownKey]: "good" }, reply: answerAsTold });
  ctx.onCleanup("the model provider's stand-in", () => fake.close());
  const folder = await ctx.folder();
  const logs = join(folder, "logs");
  await mkdir(logs);
  const keyFile = join(folder, "platform-key");
  await writeFile(keyFile, platformKey, { mode: 0o600 });
  const ringJson = newKeyRingJson();

  return {
    database,
    owner,
    fake,
    ringJson,
    platformKey,
    ownKey,
    logs,
    addCustomer: (wish = {}) => addCustomer(owner, wish, { ringJson, ownKey }),
    async startEgress(name) {
      const port = await findFreePort();
      const child = fork(join(import.meta.dirname, "../../../proxy/src/main-egress.ts"), [], {
        env: {
          PATH: process.env["PATH"] ?? "",
          EGRESS_PORT: String(port),
          EGRESS_DATABASE_URL: database.urlAs("automna_egress"),
          EGRESS_MODEL_PROVIDER_URL: fake.url,
          EGRESS_MODEL_KEY_RING: ringJson,
          EGRESS_PLATFORM_KEY_FILE: keyFile,
          EGRESS_AGENT_CALLS_PER_S: "1000",
          EGRESS_LOG_LEVEL: "trace",
        },
        stdio: ["ignore", "pipe", "pipe", "ipc"],
        execArgv: [],
      });
      ctx.onCleanup(`end ${name}`, () => child.kill("SIGKILL"));
      const log = createWriteStream(join(logs, `${name}.log`));
      child.stdout?.pipe(log, { end: false });
      child.stderr?.pipe(log, { end: false });
      const [said] = (await Promise.race([once(child, "message"), once(child, "exit")])) as unknown[];
      ctx.must(typeof said === "object", `${name} listens`, said);
      return { url: `http://127.0.0.1:${port}`, child };
    },
  };
}

async function addCustomer(
  owner: Pool,
  { source = "credits", tier = "business", credits = 1_000_000, cap }: CustomerWish,
  { ringJson, ownKey }: { ringJson: string; ownKey: string },
): Promise<Customer> {
  const [userId, agentId, slotId] = [newId("user"), newId("agt"), newId("slt")];
  const key = deriveSlotKey(newRootKey(), "egress", slotId, 1);
  await owner.query("INSERT INTO users (id, email, issuer, updated_at) VALUES ($1, $1, 'local', now())", [userId]);
  await owner.query(
    `INSERT INTO slots (id, node_id, host, port, root_key_envelope, ingress_key_envelope, egress_key_hash)
     VALUES ($1, 'local', '127.0.0.1', 1, '\\x00', '\\x00', $2)`,
    [slotId, egressKeyHash(key)],
  );
  await owner.query(
    `INSERT INTO agents (id, user_id, name, model_source, tier, phase, slot_id)
     VALUES ($1, $2, 'A', $3::"ModelSource", $4, 'ready', $5)`,
    [agentId, userId, source, tier, slotId],
  );
  if (source === "byok") {
    const envelope = seal(parseKeyRing(ringJson), Buffer.from(ownKey), { owner: userId, kind: "model_key" });
    await owner.query(
      `INSERT INTO model_keys (user_id, provider, envelope, last4, validated_at, updated_at)
       VALUES ($1, 'anthropic', $2, 'last', now(), now())`,
      [userId, envelope],
    );
  }
  const grant = { type: "grant", userId, key: "funds", credits, source: "pack", expiresAtMs: null } as const;
  await postOperations(owner, [grant], Date.now());
  if (cap !== undefined) await setOverageCap(owner, userId, cap);
  return { userId, agentId, credential: formatEgressCredential(slotId, 1, key), source };
}
