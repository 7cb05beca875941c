import { once } from "node:events";
import { setTimeout as sleep } from "node:timers/promises";
import type { WebSocket } from "ws";
import { reconnectPauseMs } from "../../../dashboard/src/gateway/reconnect-policy.ts";
import { closing, dial } from "./clients.ts";
import type { Customer } from "./world.ts";

/** A socket as the dashboard holds it: when it is told to connect again, it does, after the dashboard's own pause. */
export interface ReturningSocket {
  /** The first end: its code and when it came; null while it is open. */
  end: { code: number; atMs: number } | null;
  /** Resolves after the return. */
  returned: Promise<void>;
  /** True when the customer's own agent answers over it. */
  proves: (nonce: string) => Promise<boolean>;
  close: () => void;
}

const ANSWER_MS = 10_000;
const ATTEMPTS_MAX = 6;

export async function openReturningSocket(
  port: number,
  customer: Customer,
  random: () => number,
): Promise<ReturningSocket> {
  let socket: WebSocket = await dial(port, customer);
  const goBack = async () => {
    const end = await closing(socket);
    one.end = end;
    for (let attempt = 0; attempt < ATTEMPTS_MAX; attempt += 1) {
      await sleep(reconnectPauseMs(attempt, random()));
      const again = await dial(port, customer).catch(() => null);
      if (again === null) continue;
      socket = again;
      return;
    }
    throw new Error("a client did not get back");
  };
  const one: ReturningSocket = {
    end: null,
    returned: goBack(),
    async proves(nonce) {
      const answered = once(socket, "message") as Promise<[Buffer]>;
      socket.send(nonce);
      const [text] = await Promise.race([answered, sleep(ANSWER_MS, [""], { ref: false })]);
      return String(text) === `${customer.backend.slot.slotId} ${customer.userId} ${nonce}`;
    },
    close: () => socket.terminate(),
  };
  // Whoever waits for it hears of a failure; until then nobody may be there.
  one.returned.catch(() => undefined);
  return one;
}
