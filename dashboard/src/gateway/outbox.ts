import { z } from "zod";
import type { UserMessage } from "./chat-message.ts";

const storedSchema = z.array(z.object({ id: z.string(), text: z.string(), atMs: z.number() }));

export interface Outbox {
  load(): UserMessage[];
  save(messages: readonly UserMessage[]): void;
}

/** Keeps unsent messages of one user over a reload of this tab. Their keys stay, so the gateway takes each once. */
export function makeOutbox(storage: Pick<Storage, "getItem" | "setItem" | "removeItem">, userId: string): Outbox {
  const key = `automna.outbox.${userId}`;
  let last = "";
  return {
    load() {
      try {
        const stored = storedSchema.safeParse(JSON.parse(storage.getItem(key) ?? "[]"));
        return (stored.data ?? []).map((one) => ({ ...one, role: "user", delivery: "queued", problem: null }));
      } catch {
        return [];
      }
    },
    save(messages) {
      const text = JSON.stringify(messages.map(({ id, text, atMs }) => ({ id, text, atMs })));
      if (text === last) return;
      last = text;
      try {
        if (messages.length === 0) storage.removeItem(key);
        else storage.setItem(key, text);
      } catch {
        // Storage is closed or full: the messages still wait in memory.
      }
    },
  };
}
