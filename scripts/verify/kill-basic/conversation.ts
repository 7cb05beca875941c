import { randomUUID } from "node:crypto";
import { setTimeout as sleep } from "node:timers/promises";
import type { ApiClient } from "@automna/testkit/api-client";
import type { GatewayClient } from "@automna/testkit/gateway-client";
import type { ScenarioContext } from "../harness/scenario.ts";
import { openChat } from "../steps/chat.ts";

/** A message whose end the customer saw. */
interface SeenFinal {
  runId: string;
  text: string;
}

/** One customer's chat that goes on through broken sockets, as the dashboard's does. */
export interface Conversation {
  /** Sends a message and calls `meanwhile` once its answer has begun. Resolves when it ended or its socket is gone. */
  sayWhile: (message: string, meanwhile: () => Promise<void>) => Promise<"final" | "lost">;
  /** Sends a message again and again until it has a final answer. */
  sayUntilAnswered: (message: string) => Promise<string>;
  /** Checks that the history holds every message whose `final` the customer saw. */
  assertNothingLost: () => Promise<void>;
  close: () => void;
}

const ANSWER_TIMEOUT_MS = 240_000;

export function makeConversation(ctx: ScenarioContext, customer: ApiClient): Conversation {
  const seen: SeenFinal[] = [];
  let chat: GatewayClient | null = null;

  const connected = async (): Promise<GatewayClient> => {
    if (chat?.isOpen() === true) return chat;
    return (chat = await openChat(ctx, customer));
  };

  /** As the dashboard: nothing is sent while an answer runs, which may be one of before the socket was lost. */
  const connectedAndIdle = async (): Promise<GatewayClient> => {
    for (
      const untilMs = Date.now() + ANSWER_TIMEOUT_MS;
      Date.now() < untilMs;
      await sleep(500, undefined, { signal: ctx.signal })
    ) {
      const socket = await connected();
      if (await socket.isIdle().catch(() => false)) return socket;
    }
    throw new Error("an answer never ended");
  };

  const attempt = async (message: string, runId: string, meanwhile: () => Promise<void>): Promise<SeenFinal | null> => {
    const socket = await connectedAndIdle();
    const run = await socket.send(message, runId);
    const begun = await run.firstDelta.then(
      () => true,
      () => false,
    );
    if (begun) await meanwhile();
    // A gateway that was killed under a proxied socket closes it; nothing waits for ever.
    const end = await Promise.race([run.end, timeout(ctx)]).catch(() => null);
    ctx.log(
      `  run ${runId.slice(0, 8)}: ${end === null ? "its socket was lost" : [end.state, end.errorMessage ?? ""].join(" ").trim()}`,
    );
    if (end?.state !== "final") return null;
    ctx.hold(end.text !== "", "an answer that ended has words", end);
    const final = { runId, text: end.text };
    seen.push(final);
    return final;
  };

  return {
    async sayWhile(message, meanwhile) {
      return (await attempt(message, randomUUID(), meanwhile)) === null ? "lost" : "final";
    },
    async sayUntilAnswered(message) {
      return ctx.eventually(
        `"${message}" is answered`,
        async () => {
          try {
            const final = await attempt(message, randomUUID(), async () => undefined);
            return final?.text ?? null;
          } catch (error) {
            ctx.log(`  chat: ${error instanceof Error ? error.message : String(error)}`);
            return null;
          }
        },
        { timeoutMs: ANSWER_TIMEOUT_MS, everyMs: 1_000 },
      );
    },
    async assertNothingLost() {
      const rows = await (await connected()).history();
      const lost = seen.filter(
        ({ runId, text }) =>
          !rows.some(
            (row) =>
              row.role === "assistant" && row.text.includes(text.trim()) && (row.runId === null || row.runId === runId),
          ),
      );
      ctx.hold(lost.length === 0, `every answer whose end was seen is in the history (${seen.length} of them)`, {
        lost,
        rows: rows.length,
      });
      const questions = rows.filter((row) => row.role === "user" && row.runId !== null).map((row) => row.runId);
      const runs = new Set(questions);
      ctx.hold(runs.size === questions.length, "no question is in it twice", questions);
      const missing = seen.filter(({ runId }) => !runs.has(runId));
      ctx.hold(missing.length === 0, "and so is every question", missing);
    },
    close: () => chat?.close(),
  };
}

function timeout(ctx: ScenarioContext): Promise<null> {
  return new Promise((resolve) => {
    AbortSignal.any([ctx.signal, AbortSignal.timeout(ANSWER_TIMEOUT_MS)]).addEventListener(
      "abort",
      () => resolve(null),
      { once: true },
    );
  });
}
