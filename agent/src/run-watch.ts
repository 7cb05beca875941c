import { setTimeout as sleep } from "node:timers/promises";
import type { Logger } from "@automna/service-kit/log";
import { connectGateway, type GatewayAddress } from "./gateway-client.ts";
import type { RunBook } from "./run-book.ts";

export interface RunWatchOptions {
  /** Where the gateway answers now; null while it does not. */
  address: () => GatewayAddress | null;
  hear: RunBook["hear"];
  log: Logger;
  /** Between two looks for a gateway, ms. */
  everyMs?: number;
}

export interface RunWatch {
  close: () => Promise<void>;
}

/** Listens to what the gateway tells of its runs, over a connection of agentd's own, and connects again when it is lost. */
export function startRunWatch({ address, hear, log, everyMs = 500 }: RunWatchOptions): RunWatch {
  const closing = new AbortController();
  const { signal } = closing;

  const listen = async (to: GatewayAddress): Promise<void> => {
    const lost = Promise.withResolvers<void>();
    const client = await connectGateway(to, { onEvent: hear, onClose: lost.resolve });
    signal.addEventListener("abort", client.close, { once: true });
    if (signal.aborted) client.close();
    await lost.promise;
    signal.removeEventListener("abort", client.close);
  };

  const run = async (): Promise<void> => {
    while (!signal.aborted) {
      const to = address();
      try {
        if (to !== null) await listen(to);
      } catch (error) {
        // Without it calls count as messages by their pauses; the gateway itself is watched by the supervisor.
        log.debug({ err: error }, "could not listen to the gateway's runs");
      }
      await sleep(everyMs, undefined, { signal }).catch(() => undefined);
    }
  };

  const running = run();
  return {
    async close() {
      closing.abort();
      await running;
    },
  };
}
