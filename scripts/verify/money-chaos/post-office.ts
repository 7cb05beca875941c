import type { FakeStripe } from "@automna/testkit/fakes/stripe/fake-stripe";
import { eventWire } from "@automna/testkit/fakes/stripe/wire-billing";
import type { Random } from "../harness/random.ts";

export interface MailFaults {
  /** Chance of a second delivery, 0 to 1. */
  duplicate: number;
  /** Chance that an event never arrives. */
  lose: number;
  /** Chance that an event waits for a later round, which is also what puts events out of order. */
  hold: number;
}

export interface MailCounts {
  events: number;
  deliveries: number;
  lost: number;
  refused: number;
}

/** Brings Stripe's events to the real webhook in whatever order and number chance says. */
export interface PostOffice {
  /** Delivers some of what waits. */
  deliverSome: () => Promise<void>;
  /** Delivers what is left, again and again until it is taken. */
  deliverAll: () => Promise<void>;
  isEmpty: () => boolean;
  counts: MailCounts;
}

export function makePostOffice(
  fake: FakeStripe,
  { webhookUrl, random, faults }: { webhookUrl: string; random: Random; faults: MailFaults },
): PostOffice {
  const counts: MailCounts = { events: 0, deliveries: 0, lost: 0, refused: 0 };
  let collected = fake.state.events.length;
  let waiting: string[] = [];

  const collect = () => {
    for (const event of fake.state.events.slice(collected)) {
      counts.events += 1;
      if (random.number() < faults.lose) counts.lost += 1;
      else waiting.push(JSON.stringify(eventWire(event)));
    }
    collected = fake.state.events.length;
  };
  const post = async (body: string): Promise<boolean> => {
    counts.deliveries += 1;
    const headers = { "content-type": "application/json", "stripe-signature": fake.sign(body) };
    const response = await fetch(webhookUrl, { method: "POST", headers, body });
    await response.arrayBuffer();
    if (!response.ok) counts.refused += 1;
    return response.ok;
  };
  const deliver = async (bodies: readonly string[]) => {
    const letters = bodies.flatMap((body) => (random.number() < faults.duplicate ? [body, body] : [body]));
    const taken = await Promise.all(random.shuffle(letters).map(async (body) => ((await post(body)) ? body : null)));
    waiting = waiting.filter((body) => !taken.includes(body));
  };
  return {
    counts,
    async deliverSome() {
      collect();
      await deliver(waiting.filter(() => random.number() >= faults.hold));
    },
    async deliverAll() {
      for (collect(); waiting.length > 0; collect()) await deliver(waiting);
    },
    isEmpty: () => waiting.length === 0 && collected === fake.state.events.length,
  };
}
