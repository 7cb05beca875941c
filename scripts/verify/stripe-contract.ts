import { openContract } from "@automna/testkit/contract";
import {
  startFakeStripe,
  STRIPE_DESCRIPTIONS,
  STRIPE_UNDESCRIBED,
  stripeRoutes,
  type StripeExchange,
} from "@automna/testkit/fakes/stripe/fake-stripe";
import { STRIPE_STUBS } from "@automna/testkit/fakes/stripe/stub-schemas";
import type { Scenario, ScenarioContext } from "./harness/scenario.ts";
import { tellLies } from "./steps/broken-answers.ts";
import { liveWholeLife, openSdk } from "./stripe-contract/whole-life.ts";

export const scenario: Scenario = {
  name: "stripe-contract",
  title: "the stand-in for Stripe hears and says what Stripe's own description allows, and the check notices lies",
  needsSpec: STRIPE_DESCRIPTIONS,
  run,
};

async function run(ctx: ScenarioContext): Promise<void> {
  const exchanges = new Map<string, StripeExchange>();
  const fake = await startFakeStripe({
    random: ctx.random.number,
    onExchange: (exchange) => keepFirstGood(exchanges, exchange),
  });
  ctx.onCleanup("close the stand-in", () => fake.close());
  ctx.must(fake.contract.isChecked, `Stripe's description (${STRIPE_DESCRIPTIONS.join(", ")}) is on this machine`);

  await liveWholeLife(fake, openSdk(fake));
  const { violations } = fake.contract;
  ctx.figure("calls of the real SDK", fake.calls().length, "calls");
  ctx.figure("events", fake.state.events.length, "events");
  ctx.figure("violations", violations.length, "violations");
  ctx.hold(violations.length === 0, "no call, no answer and no event broke the description", violations.slice(0, 5));
  const untried = Object.keys(stripeRoutes).filter((route) => !exchanges.has(route));
  ctx.hold(
    untried.length === 0,
    `all ${Object.keys(stripeRoutes).length} operations of the stand-in were used`,
    untried,
  );

  const opened = () =>
    openContract({
      vendor: "Stripe",
      files: STRIPE_DESCRIPTIONS,
      undescribed: STRIPE_UNDESCRIBED,
      isForm: true,
      stubs: STRIPE_STUBS,
    });
  tellLies(
    ctx,
    await opened(),
    [...exchanges.values()].filter(({ route }) => !Object.hasOwn(STRIPE_UNDESCRIBED, route)),
  );
  await sayWrongThings(ctx);
}

function keepFirstGood(exchanges: Map<string, StripeExchange>, exchange: StripeExchange): void {
  if (exchange.answer.status === 200 && !exchanges.has(exchange.route)) exchanges.set(exchange.route, exchange);
}

/** The same over the wire: wrong calls of a client, and a stand-in that answers nonsense. */
async function sayWrongThings(ctx: ScenarioContext): Promise<void> {
  const liar = await startFakeStripe({ spoil: (_, body) => ({ ...(body as object), object: "surprise" }) });
  ctx.onCleanup("close the liar", () => liar.close().catch(() => undefined)); // which says that the description was broken
  const post = (form: string) =>
    fetch(`${liar.url}/v1/customers`, {
      method: "POST",
      headers: { authorization: `Bearer ${liar.apiKey}`, "content-type": "application/x-www-form-urlencoded" },
      body: form,
    });
  const grows = async (what: string, act: () => Promise<unknown>) => {
    const before = liar.contract.violations.length;
    await act();
    ctx.hold(liar.contract.violations.length > before, `${what} is noticed`);
  };
  await grows("an answer that was spoiled on the wire", () => post("email=a@example.com"));
  await grows("an unknown parameter of a call", () => post("emial=a@example.com"));
  await grows("a wrong type in a call", () => post("balance=plenty"));
  await grows("an address that Stripe does not have", () =>
    fetch(`${liar.url}/v1/customer`, { headers: { authorization: `Bearer ${liar.apiKey}` } }),
  );
  const blind = await startFakeStripe({ description: null });
  ctx.onCleanup("close the blind one", () => blind.close());
  ctx.hold(!blind.contract.isChecked, "without the description a run says that it was not checked");
}
