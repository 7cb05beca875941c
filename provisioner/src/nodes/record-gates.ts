import { MINUTE_MS, type Clock } from "@automna/core/shared/clock";
import type { Database } from "@automna/records/database";
import { recordNodeGates } from "@automna/records/node-gates";
import type { StartGate } from "../agents/start-gate.ts";

/** Said again this often while it stays the same, so that it is not forgotten. */
const REPEAT_MS = MINUTE_MS / 4;

/** Returns one turn: what waits at the nodes' start gates is written down for operators, when that is news. */
export function makeGateRecording(deps: {
  db: Database;
  holder: string;
  startGate: Pick<StartGate, "list">;
  clock: Clock;
}): () => Promise<void> {
  const { db, holder, startGate, clock } = deps;
  let last = { text: "[]", atMs: 0 };
  return async () => {
    const gates = startGate.list();
    const text = JSON.stringify(gates);
    const now = clock();
    if (text === last.text && (gates.length === 0 || now - last.atMs < REPEAT_MS)) return;
    await recordNodeGates(db, { holder, gates, now: new Date(now) });
    last = { text, atMs: now };
  };
}
