import type { AgentView } from "@automna/contract/agents";
import type { ApiClient } from "@automna/testkit/api-client";
import type { ScenarioContext } from "../harness/scenario.ts";

/** A cold boot is 15 to 25 seconds of processor time, several boots share two cores. */
export const READY_TIMEOUT_MS = 240_000;

/** Waits until the customer's agent is ready, through answers that fail while a service restarts. */
export async function untilReady(
  ctx: ScenarioContext,
  customer: ApiClient,
  sentence = "the agent gets ready",
): Promise<AgentView> {
  let last = "";
  return ctx.eventually(
    sentence,
    async () => {
      const agent = await lookAtAgent(customer);
      if (agent !== null && describe(agent) !== last) ctx.log(`  agent: ${(last = describe(agent))}`);
      return agent?.phase === "ready" ? agent : null;
    },
    { timeoutMs: READY_TIMEOUT_MS, everyMs: 250 },
  );
}

/** Waits until the customer has no agent any more. */
export async function untilDeleted(ctx: ScenarioContext, customer: ApiClient): Promise<void> {
  await ctx.eventually(
    "the agent is deleted",
    async () => ((await customer.agent().catch(() => "unknown")) === null ? true : null),
    { timeoutMs: 90_000, everyMs: 250 },
  );
}

/** The agent, or null while the api is not there to ask. */
export async function lookAtAgent(customer: ApiClient): Promise<AgentView | null> {
  try {
    await customer.refresh();
    return await customer.agent();
  } catch {
    return null;
  }
}

function describe({ phase, progress, reason, attempts }: AgentView): string {
  return [phase, progress.label, reason === null ? "" : reason.code, attempts === 0 ? "" : `${attempts} attempts`]
    .filter(Boolean)
    .join(", ");
}
