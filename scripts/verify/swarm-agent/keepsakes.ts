import type { ApiClient } from "@automna/testkit/api-client";
import type { ScenarioContext } from "../harness/scenario.ts";
import { openChat, say } from "../steps/chat.ts";
import type { SwarmInstallation } from "../steps/swarm-cell.ts";
import { findRunningSlot, inside, type SlotOnNode } from "./slot.ts";

/** What must be there after every change: each message with its answer, and each file. */
export interface Keepsakes {
  /** Looks whether everything is there, and adds a message and a file. Answers where the slot is now. */
  checkAndAdd: (after: string) => Promise<SlotOnNode>;
}

const FOLDER = "/data/state/keepsakes";

export function makeKeepsakes(ctx: ScenarioContext, installation: SwarmInstallation, customer: ApiClient): Keepsakes {
  const answers: { runId: string; question: string }[] = [];
  const files = new Map<string, string>();

  return {
    async checkAndAdd(after) {
      const chat = await openChat(ctx, customer);
      try {
        const rows = await chat.history();
        const lost = answers.filter(
          ({ runId }) => !rows.some((row) => row.role === "assistant" && row.runId === runId),
        );
        ctx.hold(lost.length === 0, `after ${after} all ${answers.length} answers are in the history`, {
          lost,
          rows: rows.length,
        });
        const asked = answers.filter(({ question }) => rows.filter(({ text }) => text.includes(question)).length !== 1);
        ctx.hold(asked.length === 0, `and every question once`, asked);
        const slot = await findRunningSlot(ctx, installation);
        for (const [name, content] of files) {
          const kept = await inside(slot, "cat", `${FOLDER}/${name}`).catch((error: Error) => error.message);
          ctx.hold(kept === content, `after ${after} the file ${name} is what was written`, kept.slice(0, 200));
        }
        await add(chat, slot, after);
        return slot;
      } finally {
        chat.close();
      }
    },
  };

  async function add(chat: Awaited<ReturnType<typeof openChat>>, slot: SlotOnNode, after: string): Promise<void> {
    const question = `after ${after}: ${ctx.random.hex(8)}`;
    const { runId, state, text, fullMs } = await say(ctx, chat, question);
    ctx.hold(
      state === "final" && text.includes(installation.fake.nonce),
      `after ${after} it answers through the proxy`,
      text,
    );
    ctx.figure(`ms to a full answer after ${after}`, fullMs, "ms");
    answers.push({ runId, question });
    const [name, content] = [`${files.size}.txt`, ctx.random.hex(64)];
    await inside(slot, "sh", "-c", `mkdir -p ${FOLDER} && printf %s ${content} > ${FOLDER}/${name}`);
    files.set(name, content);
  }
}
