import { setTimeout as sleep } from "node:timers/promises";

/** One message on its way to a webhook endpoint. */
export interface Delivery {
  id: string;
  body: string;
}

export interface DeliveryFaults {
  /** Chance that it is delivered twice, 0 to 1. */
  duplicate: number;
  /** Chance that it never arrives, as when every retry failed. */
  lose: number;
  /** Longest time on its way, ms; different times are what puts deliveries out of order. */
  delayMs: number;
}

export interface DeliveryOptions {
  /** Null = nobody listens. */
  url: () => string | null;
  /** Headers that sign this attempt; made anew for each. */
  sign: (delivery: Delivery) => Readonly<Record<string, string>>;
  /** 0 ≤ x < 1; what is left to chance comes from here. */
  random: () => number;
}

export interface DeliveryAttempt {
  id: string;
  attempt: number;
  /** Null = no answer. */
  status: number | null;
}

export interface Deliverer {
  send: (delivery: Delivery) => void;
  setFaults: (faults: Partial<DeliveryFaults>) => void;
  attempts: () => readonly DeliveryAttempt[];
  /** Ids that were never sent. */
  lost: () => readonly string[];
  /** Resolves when nothing is on its way any more. */
  drained: () => Promise<void>;
  close: () => Promise<void>;
}

const ATTEMPTS = 8;
const RETRY_MS = 40;
const TIMEOUT_MS = 10_000;

/** Delivers as vendors do: at least once, in no particular order, again after anything but 2xx. Retries are minutes there and ms here. */
export function makeDeliverer({ url, sign, random }: DeliveryOptions): Deliverer {
  const faults: DeliveryFaults = { duplicate: 0, lose: 0, delayMs: 0 };
  const attempts: DeliveryAttempt[] = [];
  const lost: string[] = [];
  const underway = new Set<Promise<void>>();
  const closing = new AbortController();

  const attemptOnce = async (delivery: Delivery, attempt: number): Promise<boolean> => {
    const target = url();
    if (target === null) return true;
    const status = await fetch(target, {
      method: "POST",
      headers: { "content-type": "application/json", ...sign(delivery) },
      body: delivery.body,
      signal: AbortSignal.any([closing.signal, AbortSignal.timeout(TIMEOUT_MS)]),
    }).then(
      async (response) => {
        await response.arrayBuffer();
        return response.status;
      },
      () => null,
    );
    attempts.push({ id: delivery.id, attempt, status });
    return status !== null && status >= 200 && status < 300;
  };

  const deliver = async (delivery: Delivery): Promise<void> => {
    await sleep(random() * faults.delayMs, undefined, { signal: closing.signal });
    for (let attempt = 1; attempt <= ATTEMPTS; attempt += 1) {
      if (await attemptOnce(delivery, attempt)) return;
      await sleep(RETRY_MS * 2 ** (attempt - 1), undefined, { signal: closing.signal });
    }
    lost.push(delivery.id);
  };

  const start = (delivery: Delivery) => {
    const running: Promise<void> = deliver(delivery)
      .catch(() => undefined) // closed meanwhile
      .finally(() => underway.delete(running));
    underway.add(running);
  };

  return {
    send(delivery) {
      if (random() < faults.lose) {
        lost.push(delivery.id);
        return;
      }
      start(delivery);
      if (random() < faults.duplicate) start(delivery);
    },
    setFaults: (changes) => Object.assign(faults, changes),
    attempts: () => attempts,
    lost: () => lost,
    async drained() {
      while (underway.size > 0) await Promise.all(underway);
    },
    async close() {
      closing.abort();
      await Promise.all(underway);
    },
  };
}
