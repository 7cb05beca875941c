import { setTimeout as sleep } from "node:timers/promises";
import { request } from "undici";
import { GatewayError, withGateway, type GatewayAddress } from "./gateway-client.ts";
import { trustedHeaders } from "./header-rules.ts";

const POLL_MS = 200;
const PROBE_TIMEOUT_MS = 10_000;
/** A boot takes 9 to 20 s alone and was seen to take 90 s on a machine at load 16. */
export const READY_DEADLINE_MS = 240_000;

const LIVENESS_EVERY_MS = 20_000;
/** Two minutes without an answer: more than any pause that garbage collection or a loaded machine explains. */
const LIVENESS_MISSES = 6;

/**
 * Waits until the gateway says that it has started and answers a real RPC; throws at the deadline.
 * The gateway opens its port well before it can work, so neither a connection nor /healthz is enough.
 */
export async function waitUntilReady(
  address: GatewayAddress,
  signal: AbortSignal,
  deadlineMs = READY_DEADLINE_MS,
): Promise<void> {
  const deadline = Date.now() + deadlineMs;
  while (!(await hasStarted(address))) await pause(deadline, signal);
  while (!(await answersRpc(address))) await pause(deadline, signal);
}

/** Resolves when the gateway has not answered for two minutes; rejects when `signal` aborts. */
export async function waitUntilSilent(address: GatewayAddress, signal: AbortSignal): Promise<void> {
  for (let misses = 0; misses < LIVENESS_MISSES;) {
    await sleep(LIVENESS_EVERY_MS, undefined, { signal });
    misses = (await probe(address, "/healthz")) === null ? misses + 1 : 0;
  }
}

async function pause(deadline: number, signal: AbortSignal): Promise<void> {
  if (Date.now() > deadline) throw new Error("the gateway did not get ready in time");
  await sleep(POLL_MS, undefined, { signal });
}

async function hasStarted(address: GatewayAddress): Promise<boolean> {
  return (await probe(address, "/startupz")) === 200;
}

async function answersRpc(address: GatewayAddress): Promise<boolean> {
  try {
    await withGateway(address, (client) => client.request("agents.list", {}));
    return true;
  } catch (error) {
    if (error instanceof GatewayError && !error.retryable) throw error;
    return false;
  }
}

/** HTTP status, or null when nothing answers. */
async function probe(address: GatewayAddress, path: string): Promise<number | null> {
  try {
    const answer = await request(`http://127.0.0.1:${address.port}${path}`, {
      headers: trustedHeaders(address.gateHeader),
      headersTimeout: PROBE_TIMEOUT_MS,
      bodyTimeout: PROBE_TIMEOUT_MS,
    });
    await answer.body.dump();
    return answer.statusCode;
  } catch {
    return null;
  }
}
