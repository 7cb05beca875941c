import type { Target } from "./jobs.ts";
import { isInstalled, startNative, type NativeName } from "./native.ts";
import type { OursSettings } from "./ours.ts";
import { cores, startPinned } from "./processes.ts";
import { makeSlots, type Slot } from "./world.ts";

export const candidateNames = [
  "direct",
  "ours",
  "bare-forwarder",
  "httpxy",
  "http-proxy-3",
  "configurable-http-proxy",
  "nginx",
  "haproxy",
] as const;
export type CandidateName = (typeof candidateNames)[number];

export interface Candidate {
  name: string;
  target: Target;
  /** Null for those without a collector. */
  collect: (() => Promise<unknown>) | null;
  stop: () => Promise<void>;
}

export interface Backend {
  rootKey: string;
  slots: Slot[];
  ports: number[];
  stop: () => Promise<void>;
}

export async function startBackend(slotCount: number): Promise<Backend> {
  const rootKey = Buffer.alloc(32, 1).toString("base64");
  const slots = makeSlots(slotCount);
  const { ready, stop } = await startPinned("backend.ts", cores.others, { rootKey, slots });
  return { rootKey, slots, ports: ready["ports"] as number[], stop };
}

/** Who isn't ours asks no session: everybody gets the same path and no headers. */
const anyone = { prefixes: [""], headers: [{}] };

export async function startCandidate(name: CandidateName, backend: Backend, users: number): Promise<Candidate | null> {
  const [port = 0] = backend.ports;
  switch (name) {
    case "direct":
      return { name, target: { port, pid: null, ...anyone }, collect: null, stop: async () => undefined };
    case "ours":
      return startOurs(name, { ...backend, users, routes: users });
    case "nginx":
    case "haproxy":
      return startNativeCandidate(name, port);
    case "bare-forwarder":
    case "httpxy":
    case "http-proxy-3":
    case "configurable-http-proxy":
      return startLibrary(name, port);
  }
}

/** The ingress with so many users and remembered routes. */
export async function startOurs(name: string, ours: OursSettings): Promise<Candidate> {
  const { rootKey, slots, ports, users, routes } = ours;
  const { pid, ready, ask, stop } = await startPinned("ours.ts", cores.measured, {
    rootKey,
    slots,
    ports,
    users,
    routes,
  } satisfies OursSettings);
  const people = ready["people"] as { userId: string; cookie: string }[];
  const origin = String(ready["origin"]);
  const target = {
    port: Number(ready["port"]),
    pid,
    prefixes: people.map(({ userId }) => `/a/${userId}`),
    headers: people.map(({ cookie }) => ({ cookie, origin })),
  };
  return { name, target, collect: () => ask({}), stop };
}

async function startLibrary(name: string, backendPort: number): Promise<Candidate> {
  const { pid, ready, ask, stop } = await startPinned(`${name}.ts`, cores.measured, { port: backendPort });
  return { name, target: { port: Number(ready["port"]), pid, ...anyone }, collect: () => ask({}), stop };
}

async function startNativeCandidate(name: NativeName, backendPort: number): Promise<Candidate | null> {
  if (!isInstalled(name)) return null;
  const { pid, port, stop } = await startNative(name, backendPort);
  return { name, target: { port, pid, ...anyone }, collect: null, stop };
}
