import { setTimeout as sleep } from "node:timers/promises";
import { newId } from "@automna/service-kit/new-id";
import { deriveSlotKey } from "@automna/service-kit/slot-keys";
import { startHttpProxyControl } from "../../../proxy/test/http-proxy-control.ts";
import type { ScenarioContext } from "../harness/scenario.ts";
import { GENERATION, newSlot, startBackend } from "./backend.ts";
import type { Customer } from "./world.ts";

/** http-proxy 1.18.1 before an agent of its own, as an unsafe control. */
export async function startLeakControl(ctx: ScenarioContext): Promise<{ port: number; customer: Customer }> {
  const control = await startHttpProxyControl();
  ctx.onCleanup("close http-proxy", () => control.close());
  const [userId, sessionId, agentId] = [newId("user"), newId("sess"), newId("agt")];
  const backend = await startBackend(newSlot(agentId));
  ctx.onCleanup("close http-proxy's backend", () => backend.close());
  const { rootKey, slotId } = backend.slot;
  const cookie = `__session=${sessionId}`;
  const internalKey = deriveSlotKey(rootKey, "ingress", slotId, GENERATION);
  control.tenants.set(userId, { cookie, port: backend.port, internalKey });
  return { port: control.port, customer: { userId, sessionId, agentId, backend, cookie: () => cookie } };
}

/** Nothing under way for so long: nothing is on its way to the agent either. */
const QUIET_MS = 100;
const LOOK_MS = 20;

/** True when something of clients that are gone is still under way at their agent after so long. */
export async function isLeftBehind({ backend }: Customer, withinMs: number): Promise<boolean> {
  const untilMs = performance.now() + withinMs;
  let quietSince = performance.now();
  while (performance.now() - quietSince < QUIET_MS) {
    if (performance.now() > untilMs) return true;
    await sleep(LOOK_MS);
    if (backend.underWay() > 0) quietSince = performance.now();
  }
  return false;
}
