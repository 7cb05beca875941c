import { setTimeout as sleep } from "node:timers/promises";
import { listGatewayMemory, listRunning } from "./slot-memory.ts";
import type { House } from "./resident.ts";

/** The limits. */
const GATEWAY_MB = 60;
const CPU_SHARE = 0.01;

/** What all of them together take while they doze. */
export async function measureDoze(house: House, slots: number, windowMs: number): Promise<void> {
  const { ctx } = house;
  const before = await listRunning(house);
  const startedAt = performance.now();
  await sleep(windowMs, undefined, { signal: ctx.signal });
  const after = await listRunning(house);
  const passedMs = performance.now() - startedAt;
  const dozing = [...after.values()].filter(({ isDozing }) => isDozing);
  ctx.hold(dozing.length === slots, `all ${slots} slots doze`, dozing.length);

  const spent = [...after].map(([slotId, { cpuMs }]) => (cpuMs ?? Infinity) - (before.get(slotId)?.cpuMs ?? 0));
  const share = spent.reduce((sum, ms) => sum + ms, 0) / passedMs;
  ctx.figure("processor time of all dozing slots together", share * 100, "% of a core");
  ctx.hold(share < CPU_SHARE, "… which is less than a hundredth of a core", share);

  const gateways = await listGatewayMemory(house);
  const own = gateways.map(({ ownMb }) => ownMb);
  report(house, "resident memory of a dozing gateway", own);
  report(
    house,
    "… with all of the program, which the slots share",
    gateways.map(({ residentMb }) => residentMb),
  );
  // Nothing read is nothing known.
  const isLittle = own.length === slots && own.every((mb) => mb > 0 && mb <= GATEWAY_MB);
  ctx.hold(isLittle, `no gateway keeps more than ${GATEWAY_MB} MB`, own);
  const whole = dozing.map(({ memoryMb }) => memoryMb ?? Infinity);
  report(house, "memory of a dozing slot, as the node counts it", whole);
  ctx.hold(Math.max(...whole) <= GATEWAY_MB, "… nor does a slot, agentd included", whole);
  report(
    house,
    "of it in swap",
    dozing.map(({ swapMb }) => swapMb ?? 0),
  );
}

export function report({ ctx }: Pick<House, "ctx">, name: string, values: readonly number[]): void {
  ctx.figure(`${name}, median`, median(values), "MB");
  ctx.figure(`${name}, most`, Math.max(...values), "MB");
}

export function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = Math.floor(sorted.length / 2);
  const upper = sorted[middle] ?? Number.NaN;
  return sorted.length % 2 === 1 ? upper : (upper + (sorted[middle - 1] ?? Number.NaN)) / 2;
}
