import { createTestDatabase, startTestPostgres } from "@automna/testkit/postgres";
import type { InboxSource } from "@automna/records/inbox";
import { openStripe } from "../../api/src/billing/open-stripe.ts";
import { openClerk } from "../../api/src/identity/clerk/open-clerk.ts";
import { startTestApi, type TestApi } from "../../api/src/testing/start-test-api.ts";
import type { WebhookGuards } from "../../api/src/webhooks/webhook-guards.ts";
import type { Scenario, ScenarioContext } from "./harness/scenario.ts";
import { switchedOff, webhookAttacks, type WebhookAttack } from "./webhook-attacks/attacks.ts";
import { newSecret, post, signed, type Message, type Secrets } from "./webhook-attacks/deliveries.ts";

export const scenario: Scenario = {
  name: "webhook-attacks",
  title:
    "forged, changed, old, replayed, oversized, misdirected and mass deliveries have no effect, and the service stays up",
  run,
};

const SOURCES: readonly InboxSource[] = ["stripe", "clerk"];
// Nothing listens there: none of these deliveries may need a look at the vendor.
const NOWHERE = "http://127.0.0.1:9";

async function run(ctx: ScenarioContext): Promise<void> {
  const postgres = await startTestPostgres();
  ctx.onCleanup("stop Postgres", () => postgres.stop());
  const secrets: Secrets = { stripe: newSecret(), clerk: newSecret() };
  const open = async (webhookGuards: Partial<WebhookGuards>): Promise<TestApi> => {
    const database = await createTestDatabase(postgres.adminUrl);
    const api = await startTestApi({
      databaseUrl: database.urlAs("automna_api"),
      identity: "clerk",
      stripe: { stripe: openStripe({ key: "sk_test_none", url: NOWHERE }), webhookSecret: secrets.stripe },
      clerk: { client: openClerk({ secretKey: "sk_test_none", url: NOWHERE }), webhookSecret: secrets.clerk },
      webhookGuards,
    });
    ctx.onCleanup("close an api", () => api.close());
    return api;
  };
  const safe = await open({});
  const unsafe: Record<WebhookAttack["off"], TestApi> = {
    signature: await open(switchedOff.signature),
    dedupe: await open(switchedOff.dedupe),
    limit: await open(switchedOff.limit),
  };

  await acceptGenuine(ctx, safe, secrets);
  for (const source of SOURCES) {
    for (const attack of webhookAttacks) {
      await ctx.attack({
        name: `${source}, ${attack.name}`,
        unsafe: () => succeeds(unsafe[attack.off], attack, attack.send(source, secrets)),
        safe: () => succeeds(safe, attack, attack.send(source, secrets)),
      });
    }
    await flood(ctx, { source, secrets, safe, unsafe: unsafe.signature });
  }
  await showInbox(ctx, safe);
}

async function acceptGenuine(ctx: ScenarioContext, api: TestApi, secrets: Secrets): Promise<void> {
  for (const source of SOURCES) {
    const status = await post(api.origin, signed(source, secrets[source]));
    ctx.must(status === 200, `${source}: a genuine delivery of a type that nobody knows is accepted`, status);
  }
  ctx.hold((await api.inbox.runOnce()) === 2 && (await waiting(api)) === 0, "and handled without an effect");
}

/** True when more was kept and handled than the attack is allowed. */
async function succeeds(api: TestApi, { allowed }: WebhookAttack, messages: readonly Message[]): Promise<boolean> {
  const before = await kept(api);
  for (const message of messages) await post(api.origin, message);
  const handled = await api.inbox.runOnce();
  return (await kept(api)) - before > allowed && handled > allowed;
}

async function flood(
  ctx: ScenarioContext,
  world: { source: InboxSource; secrets: Secrets; safe: TestApi; unsafe: TestApi },
): Promise<void> {
  const { source, secrets, safe, unsafe } = world;
  const size = ctx.isQuick ? 300 : 5_000;
  const LANES = 20;
  let slowestMs = 0;
  let unanswered = 0;
  const attack = async (api: TestApi, messages: Message[]): Promise<boolean> => {
    const before = await kept(api);
    const lane = async () => {
      for (let message = messages.pop(); message !== undefined; message = messages.pop())
        if ((await post(api.origin, message)) === 0) unanswered += 1;
    };
    const lanes = Promise.all(Array.from({ length: LANES }, lane));
    while (messages.length > 0) slowestMs = Math.max(slowestMs, await healthMs(api));
    await lanes;
    return (await kept(api)) > before;
  };
  const forgeries = (count: number) => Array.from({ length: count }, () => signed(source, newSecret()));
  await ctx.attack({
    name: `${source}, ${size} forgeries at once`,
    unsafe: () => attack(unsafe, forgeries(50)),
    safe: () => attack(safe, forgeries(size)),
  });
  ctx.figure(`${source}: slowest health answer under the flood`, slowestMs, "ms");
  ctx.hold(unanswered === 0 && slowestMs < 5_000, `${source}: every forgery was answered, and the service stayed up`, {
    unanswered,
    slowestMs,
  });

  const genuine = signed(source, secrets[source]);
  const before = await kept(safe);
  await Promise.all(Array.from({ length: 100 }, () => post(safe.origin, genuine)));
  ctx.hold((await kept(safe)) - before === 1, `${source}: one genuine event delivered 100 times at once is kept once`);
  ctx.hold((await safe.inbox.runOnce()) === 1, "and handled once");
}

/** What was refused and what came twice can be seen, without anything of the forgeries being kept. */
async function showInbox(ctx: ScenarioContext, api: TestApi): Promise<void> {
  await api.refusals.flushed();
  for (const source of SOURCES) {
    const rows = await api.db.inboxRefusal.groupBy({ by: ["reason"], where: { source }, _sum: { count: true } });
    const counts = Object.fromEntries(rows.map(({ reason, _sum }) => [reason, _sum.count ?? 0]));
    ctx.hold(
      (counts["webhook_refused"] ?? 0) >= (ctx.isQuick ? 300 : 5_000),
      `${source}: the inbox shows how many were refused`,
      counts,
    );
    ctx.hold((counts["body_too_large"] ?? 0) === 1, `${source}: and that one was too large`);
    const most = await api.db.inboxEvent.aggregate({ where: { source }, _max: { deliveries: true } });
    ctx.hold(most._max.deliveries === 100, `${source}: and how often one came`, most._max.deliveries);
  }
  const rows = await api.db.inboxRefusal.count();
  ctx.figure("rows that the refused deliveries left", rows, "rows");
  ctx.hold(rows < 50, "and the refused ones left a handful of rows", rows);
}

async function healthMs({ origin }: TestApi): Promise<number> {
  const startedMs = Date.now();
  const response = await fetch(`${origin}/api/health`);
  await response.arrayBuffer();
  return response.status === 200 ? Date.now() - startedMs : Infinity;
}

function kept({ db }: TestApi): Promise<number> {
  return db.inboxEvent.count();
}

function waiting({ db }: TestApi): Promise<number> {
  return db.inboxEvent.count({ where: { state: { not: "done" } } });
}
