import { setTimeout as sleep } from "node:timers/promises";

const DEADLINE_MS = 60_000;
const POLL_MS = 100;
const REQUEST_TIMEOUT_MS = 5_000;

/** Resolves when every path of the origin answers with success. Throws with the last answer of the one that does not. */
export async function untilAnswering(origin: string, paths: readonly string[]): Promise<void> {
  const deadline = Date.now() + DEADLINE_MS;
  for (const path of paths) {
    for (let answer = await ask(origin + path); answer !== "ok"; answer = await ask(origin + path)) {
      if (Date.now() > deadline) throw new Error(`${origin}${path} does not answer as it should: ${answer}`);
      await sleep(POLL_MS);
    }
  }
}

async function ask(url: string): Promise<string> {
  try {
    const response = await fetch(url, { signal: AbortSignal.timeout(REQUEST_TIMEOUT_MS) });
    const body = await response.text();
    return response.ok ? "ok" : `${response.status} ${body.slice(0, 200)}`;
  } catch (error) {
    return String(error);
  }
}
