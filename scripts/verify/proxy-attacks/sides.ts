import { newId } from "@automna/service-kit/new-id";
import { newRootKey } from "@automna/service-kit/slot-keys";
import type { IngressGuards } from "../../../proxy/src/ingress/guards.ts";
import { startHttpProxyControl, type HttpProxyControlOptions } from "../../../proxy/test/http-proxy-control.ts";
import { startIngress } from "../../../proxy/test/ingress-harness.ts";
import { permissiveGuards, type GuardName } from "../../../proxy/test/permissive-guards.ts";
import type { ScenarioContext } from "../harness/scenario.ts";
import { startRawBackend, type SlotIdentity } from "../steps/raw-backend.ts";
import type { ControlName, Lane, LibraryName, Tenant } from "./attack-case.ts";
import { readSessionCarelessly } from "./careless-session.ts";

/** What protects the machine from a crowd would only hide what happens to one request. */
const UNLIMITED = { requestsPerS: 1e6, requestsBurst: 1e6 };

const libraries: Readonly<Record<LibraryName, HttpProxyControlOptions>> = {
  "http-proxy": {},
  "http-proxy, lenient": { isLenient: true },
  "http-proxy, no upgrades": { hasUpgrades: false },
};

/** A proxy with `count` pairs of customers; `null` is ours as it is. */
export function startSide(ctx: ScenarioContext, name: ControlName | null, count: number): Promise<Lane[]> {
  if (name === null) return startOurs(ctx, count);
  if (isLibrary(name)) return startLibrary(ctx, count, libraries[name]);
  return startOurs(ctx, count, (real) => ({ ...real, ...replacement(real, name.slice("no ".length) as GuardName) }));
}

function isLibrary(name: ControlName): name is LibraryName {
  return name in libraries;
}

function replacement(real: IngressGuards, guard: GuardName): Partial<IngressGuards> {
  return guard === "session" ? { session: makeCarelessSession(real) } : { [guard]: permissiveGuards[guard] };
}

/** Real tokens, found in a request as a server finds them that wants to please. */
function makeCarelessSession(real: IngressGuards): IngressGuards["session"] {
  return (request, target) => {
    const token = readSessionCarelessly(request.headers.cookie ?? "");
    const headers = { ...request.headers, cookie: `__session=${token}` };
    return real.session(Object.create(request, { headers: { value: headers } }), target);
  };
}

async function startOurs(
  ctx: ScenarioContext,
  count: number,
  replaceGuards?: (real: IngressGuards) => IngressGuards,
): Promise<Lane[]> {
  const ingress = await startIngress(replaceGuards, { limits: UNLIMITED });
  ctx.onCleanup("close an ingress", () => ingress[Symbol.asyncDispose]());
  return times(count, async () => {
    const makeTenant = async (): Promise<Tenant> => {
      const customer = await ingress.addCustomer();
      const backend = await openBackend(ctx, customer.backend);
      // Its place is taken: one port less to keep open.
      await customer.backend.crash();
      customer.record.port = backend.port;
      const token = customer.token();
      return { userId: customer.userId, token, cookie: `__session=${token}`, backend };
    };
    return { port: ingress.port, anna: await makeTenant(), bert: await makeTenant() };
  });
}

async function startLibrary(ctx: ScenarioContext, count: number, options: HttpProxyControlOptions): Promise<Lane[]> {
  const control = await startHttpProxyControl(options);
  ctx.onCleanup("close http-proxy", () => control.close());
  return times(count, async () => {
    const makeTenant = async (): Promise<Tenant> => {
      const slot = { slotId: newId("slt"), agentId: newId("agt"), rootKey: newRootKey(), keyGeneration: 1 };
      const backend = await openBackend(ctx, slot);
      const [userId, token] = [newId("user"), newId("sess")];
      const cookie = `__session=${token}`;
      control.tenants.set(userId, { cookie, port: backend.port, internalKey: newId("slt") });
      return { userId, token, cookie, backend };
    };
    return { port: control.port, anna: await makeTenant(), bert: await makeTenant() };
  });
}

async function openBackend(ctx: ScenarioContext, slot: SlotIdentity) {
  const backend = await startRawBackend(slot);
  ctx.onCleanup("close a backend", () => backend.close());
  return backend;
}

function times<Value>(count: number, make: () => Promise<Value>): Promise<Value[]> {
  return Promise.all(Array.from({ length: count }, make));
}
