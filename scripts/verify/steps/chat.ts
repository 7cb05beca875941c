import type { ApiClient } from "@automna/testkit/api-client";
import { connectGateway, type GatewayClient, type RunEnd } from "@automna/testkit/gateway-client";
import type { ScenarioContext } from "../harness/scenario.ts";

/** A sleeping agent boots first, on a machine that may have other work. */
const CONNECT_TIMEOUT_MS = 240_000;
const ANSWER_TIMEOUT_MS = 90_000;

/** Opens the chat's socket as the dashboard does: again and again until the agent answers. */
export async function openChat(ctx: ScenarioContext, customer: ApiClient): Promise<GatewayClient> {
  let lastError = "";
  return ctx.eventually(
    "the chat connects",
    async () => {
      try {
        await customer.refresh();
        return await connectGateway({
          origin: customer.origin,
          userId: customer.userId(),
          cookies: customer.cookies(),
        });
      } catch (error) {
        const text = error instanceof Error ? error.message : String(error);
        if (text !== lastError) ctx.log(`  chat: ${(lastError = text)}`);
        return null;
      }
    },
    { timeoutMs: CONNECT_TIMEOUT_MS, everyMs: 500 },
  );
}

/** One message and its answer. Throws when there is none in time. */
export async function say(
  ctx: ScenarioContext,
  chat: GatewayClient,
  message: string,
): Promise<RunEnd & { runId: string; firstMs: number; fullMs: number }> {
  const startedAt = Date.now();
  const run = await chat.send(message);
  const inTime = AbortSignal.any([ctx.signal, AbortSignal.timeout(ANSWER_TIMEOUT_MS)]);
  const late = new Promise<never>((_, reject) =>
    inTime.addEventListener(
      "abort",
      () => reject(new Error(`no answer to "${message}" within ${ANSWER_TIMEOUT_MS / 1000} s`)),
      { once: true },
    ),
  );
  await Promise.race([run.firstDelta, late]);
  const firstMs = Date.now() - startedAt;
  const end = await Promise.race([run.end, late]);
  return { ...end, runId: run.runId, firstMs, fullMs: Date.now() - startedAt };
}
