import { findBooksProblems } from "@automna/records/credits/account";
import { creditsBought, creditsGone, standingByStripe } from "./expectations.ts";
import type { Player } from "./player.ts";

/** Right at every moment, whatever has arrived by then. */
export async function findLedgerViolations(player: Player): Promise<string[]> {
  const { world, userId, charged, highestCap } = player;
  const { owner } = world;
  const found = (await findBooksProblems(owner)).map((problem) => `books: ${JSON.stringify(problem)}`);
  const edited = await noteEntries(player);
  if (edited !== null) found.push(edited);
  const { rows: entries } = await owner.query<{ key: string; credits: number }>(
    "SELECT key, sum(credits)::int AS credits FROM credit_entries WHERE user_id = $1 AND kind = 'charge' GROUP BY key",
    [userId],
  );
  const spent = new Map(entries.map(({ key, credits }) => [key.replace(/^charge:/, ""), credits]));
  for (const [key, credits] of charged)
    if (spent.get(key) !== credits)
      found.push(`charge ${key} of ${credits} stands with ${spent.get(key) ?? "nothing"}`);
  if (spent.size !== charged.size) found.push(`${spent.size} charges stand, ${charged.size} were accepted`);
  const { rows } = await owner.query<{ left: number; debt: number }>(
    "SELECT (available + held)::int AS left, debt::int AS debt FROM credit_accounts WHERE user_id = $1",
    [userId],
  );
  for (const { left, debt } of rows)
    if (left + debt < -highestCap)
      found.push(`${left} credits are left, with a debt of ${debt} and a cap of ${highestCap}`);
  return found;
}

/** Right once everything that Stripe did has arrived. */
export async function findSettledViolations(player: Player): Promise<string[]> {
  return [
    ...(await findLedgerViolations(player)),
    ...(await findGrantViolations(player)),
    ...(await findEntitlementViolations(player)),
    ...(await findSaleViolations(player)),
  ];
}

async function findGrantViolations({ world, userId }: Player): Promise<string[]> {
  const { state } = world.fake;
  const { rows } = await world.owner.query<{ invoice: string; credits: number; entries: number }>(
    `SELECT facts->>'invoice' AS invoice, sum(credits)::int AS credits, count(*)::int AS entries
     FROM credit_entries WHERE user_id = $1 AND kind = 'grant' AND facts ? 'invoice' GROUP BY 1`,
    [userId],
  );
  const granted = new Map(rows.map((row) => [row.invoice, row]));
  const { rows: lots } = await world.owner.query<{ invoice: string; taken: number }>(
    `SELECT p.id AS invoice, coalesce(g.taken_back, 0) AS taken FROM paid_invoices p
     LEFT JOIN credit_grants g ON g.user_id = p.user_id AND g.key = p.grant_key WHERE p.user_id = $1`,
    [userId],
  );
  const taken = new Map(lots.map((lot) => [lot.invoice, lot.taken]));
  const found: string[] = [];
  for (const invoice of state.invoices.values()) {
    const [wanted, has] = [creditsBought(state, invoice), granted.get(invoice.id)];
    if ((has?.credits ?? 0) !== wanted || (has?.entries ?? 0) > 1)
      found.push(
        `invoice ${invoice.id} bought ${wanted} credits and was granted ${has?.credits ?? 0} in ${has?.entries ?? 0}`,
      );
    const gone = creditsGone(state, invoice);
    if ((taken.get(invoice.id) ?? 0) !== gone)
      found.push(`of invoice ${invoice.id} ${gone} credits are to go, ${taken.get(invoice.id) ?? 0} did`);
  }
  for (const id of granted.keys()) if (!state.invoices.has(id)) found.push(`credits for ${id}, which is no invoice`);
  return found;
}

async function findEntitlementViolations({ world, userId }: Player): Promise<string[]> {
  const wanted = standingByStripe(world.fake.state);
  const { rows } = await world.owner.query<{ tier: string | null; dunning: string }>(
    "SELECT tier, dunning::text AS dunning FROM entitlements WHERE user_id = $1",
    [userId],
  );
  const { tier, dunning } = rows[0] ?? { tier: null, dunning: "clear" };
  const isRight =
    wanted.kind === "paid"
      ? tier === wanted.tier && dunning === "clear"
      : wanted.kind === "owed"
        ? (dunning === "grace" && tier === wanted.tier) || (["asleep", "expired"].includes(dunning) && tier === null)
        : tier === null && (wanted.kind === "nothing" || ["asleep", "expired"].includes(dunning));
  return isRight ? [] : [`Stripe says ${JSON.stringify(wanted)}, the entitlement ${tier ?? "nothing"}, ${dunning}`];
}

async function findSaleViolations({ world, userId, changesAsked }: Player): Promise<string[]> {
  const { state } = world.fake;
  const found: string[] = [];
  if (state.customers.size > 1) found.push(`${state.customers.size} customers at Stripe for one user`);
  const changes = [...state.invoices.values()].filter(({ reason }) => reason === "subscription_update");
  for (const atS of changesAsked) {
    const billed = changes.filter(({ lines }) => lines.some(({ start }) => start === atS)).length;
    if (billed > 1) found.push(`a change of plan was billed ${billed} times`);
  }
  const { rows } = await world.owner.query<{ blocks: number; waiting: number }>(
    `SELECT count(*) FILTER (WHERE reported_at IS NOT NULL)::int AS blocks, count(*) FILTER (WHERE reported_at IS NULL)::int AS waiting
     FROM credit_overage_blocks WHERE user_id = $1`,
    [userId],
  );
  const { blocks = 0, waiting = 0 } = rows[0] ?? {};
  if (state.meterEvents.size !== blocks)
    found.push(`${blocks} blocks of overage were reported, ${state.meterEvents.size} metered`);
  if (waiting > 0 && standingByStripe(state).kind === "paid")
    found.push(`${waiting} blocks of overage were never reported`);
  const { rows: inbox } = await world.owner.query("SELECT type, state FROM inbox_events WHERE state <> 'done'");
  if (inbox.length > 0) found.push(`${inbox.length} events are not done`);
  return found;
}

/** Compares the ledger's rows with those seen before, and remembers the new ones. Null = none was touched. */
export async function noteEntries({ world, userId, seenEntries }: Player): Promise<string | null> {
  const { rows } = await world.owner.query<{ number: number; hash: string }>(
    "SELECT number, md5(row::text) AS hash FROM credit_entries row WHERE user_id = $1",
    [userId],
  );
  const now = new Map(rows.map(({ number, hash }) => [number, hash]));
  const touched = [...seenEntries].find(([number, hash]) => now.get(number) !== hash);
  for (const [number, hash] of now) seenEntries.set(number, hash);
  return touched === undefined ? null : `entry ${touched[0]} of the ledger was changed or removed`;
}
