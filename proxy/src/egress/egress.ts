import { once } from "node:events";
import type { AddressInfo } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import type { Clock } from "@automna/core/shared/clock";
import type { ModelAccessRecord } from "@automna/records/model-access";
import type { Logger } from "@automna/service-kit/log";
import type { NotifyListener } from "@automna/service-kit/notify";
import type { KeyRing } from "@automna/service-kit/secret-box";
import { makeDemoModel } from "./demo-model.ts";
import { makeModelAccessFinder } from "./find-model-access.ts";
import { makeModelProvider } from "./forward-model-call.ts";
import { makeEgressServer } from "./server.ts";

export interface EgressDeps {
  /** records/model-access.findModelAccess, bound to egress's own connections. */
  findModelAccess: (slotId: string) => Promise<ModelAccessRecord | null>;
  listener: NotifyListener;
  /** Opens the customers' model keys. */
  ring: KeyRing;
  providerUrl: string;
  log: Logger;
  now: Clock;
}

export interface Egress {
  listen: (host: string, port: number) => Promise<number>;
  /** Takes no more calls, waits for those under way up to `timeoutMs`, then cuts them. */
  drain: (timeoutMs: number) => Promise<void>;
}

/** Puts the egress together; it opens and closes what it makes, and none of what it is given. */
export function makeEgress({ findModelAccess, listener, ring, providerUrl, log, now }: EgressDeps): Egress {
  const access = makeModelAccessFinder({ findRecord: findModelAccess, ring, listener, log, now });
  const provider = makeModelProvider(providerUrl, (error) =>
    log.warn({ err: error }, "the model provider does not answer"),
  );
  const server = makeEgressServer({ access, provider, demo: makeDemoModel({ now }), log });
  return {
    async listen(host, port) {
      server.listen(port, host);
      await once(server, "listening");
      return (server.address() as AddressInfo).port;
    },
    async drain(timeoutMs) {
      const closed = new Promise<void>((resolve) => server.close(() => resolve()));
      await Promise.race([closed, sleep(timeoutMs, undefined, { ref: false })]);
      server.closeAllConnections();
      access.close();
      await Promise.all([closed, provider.close()]);
    },
  };
}
