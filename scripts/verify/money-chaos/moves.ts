import { sellableTiers } from "@automna/core/billing/price-keys";
import { DAY_MS, HOUR_MS } from "@automna/core/shared/clock";
import { sweepCredits } from "@automna/records/credits/sweep";
import { warnOfUsedCredits } from "@automna/records/credits/warnings";
import type { InvoiceRecord, SubscriptionRecord } from "@automna/testkit/fakes/stripe/records";
import { dueOf } from "@automna/testkit/fakes/stripe/wire-invoice";
import { takeDueSteps } from "../../../api/src/billing/reconcile-billing.ts";
import { reportOverage } from "../../../api/src/billing/report-overage.ts";
import { attempt, comeBack, spend, type Player } from "./player.ts";

/** Everything that customers, Stripe, operators and the clock do to money. Most need something to do it to, else nothing happens. */
export const moves = {
  buy: (player: Player) => buy(player, player.random.pick(sellableTiers)),
  changePlan: (player: Player) => changePlan(player, player.random.pick(sellableTiers)),
  async buyPacks(player: Player) {
    const { random, world } = player;
    const packs = random.integer(1, 3);
    await payFor(player, `buy ${packs} packs`, () => world.billing.billingPacks(callOf(player, { packs })));
  },
  async usage(player: Player) {
    player.log.push("usage");
    await spend(player, player.random.integer(1, 6));
  },
  async usageBesideInbox(player: Player) {
    player.log.push("usage beside the inbox");
    await Promise.all([
      spend(player, player.random.integer(2, 8)),
      attempt(player, "inbox", () => player.world.api.inbox.runOnce()),
    ]);
  },
  async allowOverage(player: Player) {
    const capCredits = player.random.pick([1_000, 2_000, 5_000]);
    // Whether it arrived or not: the most that may be overdrawn from now on.
    player.highestCap = Math.max(player.highestCap, capCredits);
    await attempt(player, `allow overage ${capCredits}`, () =>
      player.world.credits.putOverage(callOf(player, { capCredits })),
    );
  },
  refuseOverage: (player: Player) =>
    attempt(player, "refuse overage", () => player.world.credits.putOverage(callOf(player, { capCredits: null }))),
  async report(player: Player) {
    const { blockIdentifier: identifier } = player.world.sabotage;
    await attempt(player, "report overage", () =>
      reportOverage({ ...player.world.deps, ...(identifier === undefined ? {} : { identifier }) }),
    );
  },
  async sweep(player: Player) {
    const { mortal, nowMs, deps } = player.world;
    await attempt(player, "sweep", async () => {
      await sweepCredits(mortal.pool, nowMs());
      await warnOfUsedCredits(mortal.pool, nowMs());
      await takeDueSteps(deps);
    });
  },
  inbox: (player: Player) => attempt(player, "inbox", () => player.world.api.inbox.runOnce()),
  async mail(player: Player) {
    player.log.push("mail");
    await player.post.deliverSome();
    await comeBack(player);
  },
  async hours(player: Player) {
    player.log.push("hours pass");
    player.world.pass(player.random.integer(1, 40) * HOUR_MS);
  },
  async month(player: Player) {
    player.log.push("a month passes");
    player.world.pass(player.random.integer(20, 34) * DAY_MS);
  },
  async badCard(player: Player) {
    player.log.push("the card goes bad");
    for (const customer of player.world.fake.state.customers.values()) customer.card = "declined";
  },
  async goodCard(player: Player) {
    const { fake, stripe } = player.world;
    player.log.push("a new card, and what is open is paid");
    for (const customer of fake.state.customers.values()) customer.card = "good";
    for (const { id, status } of fake.state.invoices.values()) if (status === "open") await stripe.invoices.pay(id);
  },
  async refund(player: Player) {
    const invoice = paidInvoice(player);
    if (invoice === null) return;
    const left = dueOf(invoice) - invoice.refunded;
    const amount = player.random.number() < 0.5 ? left : player.random.integer(1, left);
    player.log.push(`refund ${amount} of ${invoice.id}`);
    player.world.fake.refund(invoice.id, amount);
  },
  async dispute(player: Player) {
    const invoice = paidInvoice(player);
    const { fake } = player.world;
    if (invoice === null || [...fake.state.disputes.values()].some(({ invoiceId }) => invoiceId === invoice.id)) return;
    player.log.push(`dispute of ${invoice.id}`);
    fake.dispute(invoice.id);
  },
  async decideDispute(player: Player) {
    const open = [...player.world.fake.state.disputes.values()].find(({ status }) => status === "needs_response");
    if (open === undefined) return;
    const outcome = player.random.pick(["won", "lost"] as const);
    player.log.push(`dispute ${outcome}`);
    player.world.fake.decideDispute(open.id, outcome);
  },
  async cancel(player: Player) {
    const running = runningSubscription(player);
    if (running === null) return;
    const isAtOnce = player.random.number() < 0.3;
    player.log.push(isAtOnce ? "cancel at once" : "cancel at the period's end");
    const { subscriptions } = player.world.stripe;
    await (isAtOnce
      ? subscriptions.cancel(running.id)
      : subscriptions.update(running.id, { cancel_at_period_end: true }));
  },
  /** As an operator may do in Stripe's own dashboard. */
  async secondSubscription(player: Player) {
    const { fake, stripe } = player.world;
    const [customer] = fake.state.customers.values();
    const price = player.random.pick(
      [...fake.state.prices.values()].filter(
        ({ metadata, interval, meterId }) => interval !== null && meterId === null && metadata["automna"] !== undefined,
      ),
    );
    if (customer?.card !== "good") return;
    player.log.push("a second subscription");
    await stripe.subscriptions.create({ customer: customer.id, items: [{ price: price.id }] });
  },
} as const satisfies Record<string, (player: Player) => Promise<unknown>>;

export type MoveName = keyof typeof moves;

export async function buy(player: Player, tier: (typeof sellableTiers)[number]): Promise<void> {
  await payFor(player, `buy ${tier}`, () => player.world.billing.billingCheckout(callOf(player, { tier })));
}

export async function changePlan(player: Player, tier: (typeof sellableTiers)[number]): Promise<void> {
  const { billing } = player.world;
  await attempt(player, `change to ${tier}`, async () => {
    const { prorationAtMs } = await billing.billingPlanPreview(callOf(player, { tier }));
    player.changesAsked.add(prorationAtMs / 1_000);
    const change = () => billing.billingPlan(callOf(player, { tier, prorationAtMs }));
    // Two clicks at once, now and then.
    const clicks = player.random.number() < 0.3 ? [change(), change()] : [change()];
    const outcomes = await Promise.allSettled(clicks);
    const failed = outcomes.find((outcome) => outcome.status === "rejected");
    if (failed !== undefined) throw failed.reason;
  });
}

async function payFor(player: Player, what: string, open: () => Promise<{ url: string }>): Promise<void> {
  await attempt(player, what, async () => {
    const { url } = await open();
    player.world.fake.completeCheckout(url.split("/").at(-1) ?? "");
  });
}

/** Handlers are called as the router calls them, with what a session of this customer would have brought. */
function callOf<Body>({ userId }: Player, body: Body): never {
  return { caller: { userId }, body } as never;
}

function paidInvoice({ world, random }: Player): InvoiceRecord | null {
  const disputed = new Set([...world.fake.state.disputes.values()].map(({ invoiceId }) => invoiceId));
  const paid = [...world.fake.state.invoices.values()].filter(
    (invoice) => invoice.paymentIntentId !== null && !disputed.has(invoice.id) && dueOf(invoice) > invoice.refunded,
  );
  return paid.length === 0 ? null : random.pick(paid);
}

function runningSubscription({ world, random }: Player): SubscriptionRecord | null {
  const running = [...world.fake.state.subscriptions.values()].filter(({ endedAt }) => endedAt === null);
  return running.length === 0 ? null : random.pick(running);
}
