import { once } from "node:events";
import type { AddressInfo } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import type { MeteringRule } from "@automna/core/credits/meter-message";
import type { Clock } from "@automna/core/shared/clock";
import type { OperationBatcher } from "@automna/records/credits/operation-batcher";
import type { ModelAccessRecord } from "@automna/records/model-access";
import type { ModelUsage } from "@automna/records/usage/model-usage";
import { makeUsageWriter } from "@automna/records/usage/usage-writer";
import type { Logger } from "@automna/service-kit/log";
import type { NotifyListener } from "@automna/service-kit/notify";
import type { KeyRing } from "@automna/service-kit/secret-box";
import { makeCallIds } from "./call-ids.ts";
import { defaultCallLimits, makeCallLimits, type CallLimitOptions } from "./call-limits.ts";
import { makeRunCharger } from "./charge-run.ts";
import { makeDemoModel } from "./demo-model.ts";
import { makeEgressMetrics, type EgressMetrics } from "./egress-metrics.ts";
import { parseModelCall } from "./endpoints.ts";
import { makeModelAccessFinder, type ModelAccessFinder } from "./find-model-access.ts";
import { makeModelProvider } from "./forward-model-call.ts";
import { platformRules, type PlatformRules } from "./platform-rules.ts";
import { makeEgressServer } from "./server.ts";
import { makeUtilityCalls } from "./utility-calls.ts";

export interface EgressDeps {
  /** records/model-access.findModelAccess, bound to egress's own connections. */
  findModelAccess: (slotId: string) => Promise<ModelAccessRecord | null>;
  listener: NotifyListener;
  /** Opens the customers' model keys. */
  ring: KeyRing;
  providerUrl: string;
  /** The key behind credits; null = this installation has none. */
  platformKey: string | null;
  meteringRule: MeteringRule;
  limits?: CallLimitOptions;
  /** Posts to the ledger. */
  ledger: OperationBatcher;
  /** records/usage/model-usage.insertUsage, bound to egress's own connections. */
  insertUsage: (rows: readonly ModelUsage[]) => Promise<void>;
  log: Logger;
  now: Clock;
  /** Rules that a scenario switches off, to show that its attack would work. */
  guards?: Partial<EgressGuards>;
}

export interface EgressGuards {
  /** Who calls. */
  recognise: (real: ModelAccessFinder) => ModelAccessFinder;
  parseCall: typeof parseModelCall;
  rules: PlatformRules;
}

export interface Egress {
  listen: (host: string, port: number) => Promise<number>;
  metrics: EgressMetrics;
  /** Takes no more calls, waits for those under way up to `timeoutMs`, then cuts them and settles what is open. */
  drain: (timeoutMs: number) => Promise<void>;
}

/** Puts the egress together; it opens and closes what it makes, and none of what it is given but the ledger. */
export function makeEgress(deps: EgressDeps): Egress {
  const { findModelAccess, listener, ring, ledger, log, now } = deps;
  const finder = makeModelAccessFinder({ findRecord: findModelAccess, ring, listener, log, now });
  const provider = makeModelProvider(deps.providerUrl, (error) =>
    log.warn({ err: error }, "the model provider does not answer"),
  );
  const metrics = makeEgressMetrics();
  const usage = makeUsageWriter({
    insert: deps.insertUsage,
    onTrouble({ lost, error }) {
      metrics.lost(lost);
      log.warn({ err: error, lost }, "usage was not written");
    },
  });
  const server = makeEgressServer({
    access: deps.guards?.recognise?.(finder) ?? finder,
    limits: makeCallLimits(deps.limits ?? defaultCallLimits, now),
    provider,
    platformKey: deps.platformKey,
    rules: deps.guards?.rules ?? platformRules,
    charger: makeRunCharger({ post: ledger.post, rule: deps.meteringRule, now }),
    utilityCalls: makeUtilityCalls(),
    recordUsage(row) {
      metrics.used(row);
      usage.add(row);
    },
    demo: makeDemoModel({ now }),
    metrics,
    newCallId: makeCallIds(),
    parseCall: deps.guards?.parseCall ?? parseModelCall,
    log,
    now,
  });
  return {
    metrics,
    async listen(host, port) {
      server.listen(port, host);
      await once(server, "listening");
      return (server.address() as AddressInfo).port;
    },
    async drain(timeoutMs) {
      const closed = new Promise<void>((resolve) => server.close(() => resolve()));
      await Promise.race([closed, sleep(timeoutMs, undefined, { ref: false })]);
      server.closeAllConnections();
      finder.close();
      await Promise.all([closed, provider.close()]);
      await ledger.close();
      await usage.close();
    },
  };
}
