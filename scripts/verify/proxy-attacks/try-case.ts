import { connect } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import type { AttackCase, Evidence, Lane } from "./attack-case.ts";

const LOOK_EVERY_MS = 5;
const BETWEEN_PARTS_MS = 15;

export interface Attempt {
  hasSucceeded: boolean;
  tookMs: number;
  evidence: Evidence;
}

/** Runs one attack against one proxy until it is seen to succeed or `timeoutMs` are over; or judges it then, and only then. */
export async function tryCase(
  each: AttackCase,
  lane: Lane,
  timeoutMs: number,
  judged: "at once" | "at the end" = "at once",
): Promise<Attempt> {
  const { anna, bert } = lane;
  for (const { backend } of [anna, bert]) backend.reset();
  each.prepare?.(lane);
  const socket = connect({ port: lane.port, host: "127.0.0.1", noDelay: true });
  const state = { answer: "", isOpen: true };
  socket.on("data", (chunk: Buffer) => (state.answer += chunk.toString("latin1")));
  socket.on("error", () => (state.isOpen = false)).on("close", () => (state.isOpen = false));
  const evidence = (): Evidence => ({ ...state, anna: anna.backend.requests, bert: bert.backend.requests });
  const startedAt = performance.now();
  try {
    for (const [index, part] of [each.send(lane)].flat().entries()) {
      if (index > 0) await sleep(BETWEEN_PARTS_MS);
      if (!socket.destroyed) socket.write(part, "latin1");
    }
    for (;;) {
      const tookMs = performance.now() - startedAt;
      const isOver = tookMs > timeoutMs;
      const hasSucceeded = (isOver || judged === "at once") && each.succeeded(evidence(), lane);
      if (hasSucceeded || isOver) return { hasSucceeded, tookMs, evidence: evidence() };
      await sleep(LOOK_EVERY_MS);
    }
  } finally {
    socket.destroy();
  }
}
