import { startFakeClerk, type FakeClerk } from "@automna/testkit/fakes/clerk/fake-clerk";
import { startFakeStripe, type FakeStripe } from "@automna/testkit/fakes/stripe/fake-stripe";
import type { Stripe } from "stripe";
import { openStripe } from "../billing/open-stripe.ts";
import { takeDueSteps } from "../billing/reconcile-billing.ts";
import { ensureStripeCatalogue } from "../billing/stripe-catalogue.ts";
import { endAccounts } from "../identity/accounts/end-accounts.ts";
import { openClerk } from "../identity/clerk/open-clerk.ts";
import { startTestApi, type TestApi } from "./start-test-api.ts";
import { makeTestBrowser, type TestBrowser, type TestCall } from "./test-browser.ts";

export interface ShopCustomer {
  userId: string;
  /** Signed in, however much time has passed. */
  call: TestBrowser["call"];
}

/** The api where plans are bought, with the vendors' stand-ins and one clock for all. */
export interface Shop {
  api: TestApi;
  fake: FakeStripe;
  stripe: Stripe;
  clerk: FakeClerk | null;
  customer: (email: string) => Promise<ShopCustomer>;
  /** Lets the clocks of Stripe and of the api go on together. */
  pass: (ms: number) => void;
  /** Everything that is on its way arrives and is done, and what is due is done. */
  settle: () => Promise<void>;
  buy: (customer: ShopCustomer, tier: string) => Promise<string>;
  close: () => Promise<void>;
}

export async function startShop(databaseUrl: string, identity: "local" | "clerk"): Promise<Shop> {
  let offsetMs = 0;
  const now = () => Date.now() + offsetMs;
  const fake = await startFakeStripe();
  const stripe = openStripe({ key: fake.apiKey, url: fake.url });
  await ensureStripeCatalogue(stripe);
  const clerk = identity === "clerk" ? await startFakeClerk() : null;
  const clerkClient = clerk === null ? null : openClerk(clerk);
  const api = await startTestApi({
    databaseUrl,
    identity,
    freeTier: null,
    stripe: { stripe, webhookSecret: fake.webhookSecret },
    ...(clerk === null || clerkClient === null
      ? {}
      : { clerk: { client: clerkClient, webhookSecret: clerk.webhookSecret } }),
    clockOffsetMs: () => offsetMs,
  });
  fake.setWebhookUrl(`${api.origin}/api/webhooks/stripe`);
  clerk?.setWebhookUrl(`${api.origin}/api/webhooks/clerk`);
  const hint = async (agentId: string) => void api.hints.push(agentId);

  const signedUp = async (email: string): Promise<{ userId: string; sessionId: string }> => {
    if (clerk !== null) {
      const { id } = clerk.signUp(email);
      return { userId: id, sessionId: clerk.signIn(id).sessionId };
    }
    const userId = await makeTestBrowser(api.origin).signIn(api.startLink(), email);
    const session = await api.db.session.findFirstOrThrow({ where: { userId }, orderBy: { createdAt: "desc" } });
    return { userId, sessionId: session.id };
  };
  const settle = async () => {
    await Promise.all([fake.deliverer.drained(), clerk?.deliverer.drained()]);
    await api.inbox.runOnce();
    await takeDueSteps({ db: api.db, now, hint });
    await endAccounts({ db: api.db, pool: api.pool, stripe, clerk: clerkClient, now, hint });
  };

  return {
    api,
    fake,
    stripe,
    clerk,
    settle,
    async customer(email) {
      const { userId, sessionId } = await signedUp(email);
      const browser = makeTestBrowser(api.origin);
      let calls = 0;
      // The test's issuer signs for both sources; what differs is who knows of users and sessions. Each token is another
      // one: a verifier remembers those it knows until its own clock, which runs ahead, says that they are over.
      const authorization = () => {
        calls += 1;
        const sessionExpiresAtMs = Date.now() + 300_000 - calls * 1_000;
        return `Bearer ${api.issuer.sign({ origin: api.origin, userId, sessionId, sessionExpiresAtMs }, Date.now())}`;
      };
      return {
        userId,
        call: (name, options: TestCall = {}) =>
          browser.call(name, { ...options, headers: { authorization: authorization(), ...options.headers } }),
      };
    },
    pass(ms) {
      fake.advance(ms);
      offsetMs += ms;
    },
    async buy(customer, tier) {
      const { status, body } = await customer.call("billingCheckout", { body: { tier } });
      if (status !== 200) throw new Error(`checkout answered ${status} ${JSON.stringify(body)}`);
      const checkoutId = new URL((body as { url: string }).url).pathname.split("/").at(-1) ?? "";
      if (!fake.completeCheckout(checkoutId)) throw new Error("the card was declined");
      await settle();
      return checkoutId;
    },
    async close() {
      await api.close();
      await Promise.all([fake.close(), clerk?.close()]);
    },
  };
}
