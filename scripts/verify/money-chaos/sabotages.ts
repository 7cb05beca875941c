import { randomUUID } from "node:crypto";
import type { Transaction } from "@automna/records/database";
import { makeStripeInbox } from "../../../api/src/billing/stripe-inbox.ts";
import type { Random } from "../harness/random.ts";
import { playOverageLife, playStaleNews, type HistoryReport } from "./play-history.ts";
import type { MoneyWorld, Sabotage } from "./world.ts";

export interface Control {
  name: string;
  sabotage: Sabotage;
  /** The kind of history that meets it, where the usual ones do so seldom. */
  play?: (world: MoneyWorld, random: Random) => Promise<HistoryReport>;
  /** A part of the violation that has to be found. */
  sign: RegExp;
}

/** The same code with one thing broken that must not be: each has to be noticed, or the checks prove nothing. */
export const controls: readonly Control[] = [
  {
    name: "nobody remembers what was handled (no de-duplication)",
    sign: /was granted|credits for|books/,
    sabotage: {
      inboxKey: (eventId) => `${eventId}/${randomUUID()}`,
      stripeInbox(deps) {
        const handle = makeStripeInbox({ ...deps, grantKey: (id) => `invoice:${id}/${randomUUID()}` });
        return (tx, event) => handle(forgetful(tx), event);
      },
    },
  },
  {
    name: "events are believed (order ignored)",
    sign: /the entitlement|and yet/,
    play: playStaleNews,
    sabotage: {
      stripeInbox: (deps) => (tx, event) => {
        const { object } = (JSON.parse(event.payload) as { data: { object: { id?: string; object?: string } } }).data;
        const retrieve = async (id: string) =>
          object.object === "subscription" && object.id === id ? object : deps.stripe.subscriptions.retrieve(id);
        const stripe = Object.assign(Object.create(deps.stripe) as typeof deps.stripe, { subscriptions: { retrieve } });
        return makeStripeInbox({ ...deps, stripe })(tx, event);
      },
    },
  },
  {
    name: "failures count as done",
    sign: /was granted 0|the entitlement|are to go/,
    sabotage: {
      stripeInbox(deps) {
        const handle = makeStripeInbox(deps);
        // Half of what comes is dropped as if it had been handled.
        return async (tx, event) => (event.id % 2n === 0n ? undefined : handle(tx, event));
      },
    },
  },
  {
    name: "overage is reported under a new name each time",
    sign: /metered/,
    play: playOverageLife,
    sabotage: { blockIdentifier: () => randomUUID() },
  },
  {
    name: "an entry of the ledger is edited",
    sign: /was changed or removed|books/,
    sabotage: {
      async forge(owner, userId) {
        // As the owner of the tables, with the trigger out of the way; the balance stays as it was.
        await owner.query("ALTER TABLE credit_entries DISABLE TRIGGER credit_entries_append_only");
        await owner.query("UPDATE credit_entries SET subject = 'edited' WHERE user_id = $1", [userId]);
        await owner.query("ALTER TABLE credit_entries ENABLE TRIGGER credit_entries_append_only");
      },
    },
  },
  {
    name: "a balance is changed beside the ledger",
    sign: /books/,
    sabotage: {
      async forge(owner, userId) {
        await owner.query(
          "UPDATE credit_accounts SET available = available + 7, issued = issued + 7 WHERE user_id = $1",
          [userId],
        );
      },
    },
  },
];

/** A transaction that never finds an invoice which was settled before. */
function forgetful(tx: Transaction): Transaction {
  const paidInvoice = new Proxy(tx.paidInvoice, {
    get: (target, name) => (name === "findUnique" ? async () => null : (Reflect.get(target, name) as unknown)),
  });
  return new Proxy(tx, {
    get: (target, name) => (name === "paidInvoice" ? paidInvoice : (Reflect.get(target, name) as unknown)),
  });
}
