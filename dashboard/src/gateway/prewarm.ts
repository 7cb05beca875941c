import { agentPrewarmPath } from "@automna/contract/paths";

const TIMEOUT_MS = 15_000;

/**
 * Lets the proxy find and prove the way to the agent while the page is still being put together, so that the first
 * message doesn't wait for it. It wakes nobody, and its failure means nothing: whatever comes next goes the same way.
 */
export async function prewarmAgent(userId: string, send: typeof fetch): Promise<void> {
  try {
    const signal = AbortSignal.timeout(TIMEOUT_MS);
    const response = await send(agentPrewarmPath(userId), { method: "GET", cache: "no-store", signal });
    await response.body?.cancel();
  } catch {
    // As if it had not been asked.
  }
}
