import { createHash } from "node:crypto";
import { RUN_ID } from "@automna/contract/headers";
import type { RunKind } from "@automna/core/credits/meter-message";
import { HOUR_MS, SECOND_MS, type Clock } from "@automna/core/shared/clock";
import { z } from "zod";

/** The run that a model call belongs to, as egress is told. */
export interface RunMark {
  id: string;
  kind: RunKind;
}

export interface RunBook {
  /** An event of the gateway's protocol; others than those of runs are passed over. */
  hear: (event: string, payload: unknown) => void;
  /** The run of a model call that is made now. */
  mark: () => RunMark;
}

interface Run extends RunMark {
  startedAtMs: number;
  hasCalled: boolean;
}

/** The gateway's recap of a run comes right after its end. */
const AFTERMATH_MS = 30 * SECOND_MS;
/** OpenClaw ends a run after 10 minutes; one whose end was not heard is forgotten. */
const LONGEST_MS = HOUR_MS;
const LONGEST_ID = 64;

const agentEventSchema = z.object({
  runId: z.string().min(1),
  sessionKey: z.string().optional(),
  stream: z.string(),
  data: z.object({ phase: z.string().optional() }).catch({}),
});
const chatEventSchema = z.object({ runId: z.string().min(1), state: z.string() });
const endPhases: ReadonlySet<string> = new Set(["end", "error"]);
const endStates: ReadonlySet<string> = new Set(["final", "aborted", "error"]);

/**
 * Which run a model call belongs to. The gateway does not say so with the call, but tells of each run's start and end. Of
 * several runs under way a call goes to the one that has waited longest for its first, so that each is counted; calls
 * outside any run, and those right after one (its recap), go to the last. All that this decides is how many messages
 * are counted: whoever tampers with it from inside the slot meets egress's own limits of a run.
 */
export function makeRunBook({ now, newId }: { now: Clock; newId: () => string }): RunBook {
  const active = new Map<string, Run>();
  const ended = new Set<string>();
  let last: { mark: RunMark; atMs: number } | null = null;

  const begin = (runId: string, sessionKey: string | undefined) => {
    if (active.has(runId) || ended.has(runId)) return;
    const startedAtMs = now();
    const kind = sessionKey !== undefined && /(^|:)cron:/.test(sessionKey) ? "scheduled" : "message";
    active.set(runId, { id: nameOf(runId, startedAtMs), kind, startedAtMs, hasCalled: false });
  };
  const end = (runId: string) => {
    const run = active.get(runId);
    if (run === undefined) return;
    active.delete(runId);
    last = { mark: { id: run.id, kind: run.kind }, atMs: now() };
    // Stragglers among its events must not begin it again.
    ended.add(runId);
    for (const old of ended) if (ended.size > 100) ended.delete(old);
  };
  const choose = (): Run | null => {
    for (const [runId, { startedAtMs }] of active) if (now() - startedAtMs > LONGEST_MS) active.delete(runId);
    const runs = [...active.values()];
    return runs.find(({ hasCalled }) => !hasCalled) ?? runs.at(-1) ?? null;
  };

  return {
    hear(event, payload) {
      if (event === "agent") {
        const parsed = agentEventSchema.safeParse(payload);
        if (!parsed.success) return;
        const { runId, sessionKey, stream, data } = parsed.data;
        if (stream === "lifecycle" && endPhases.has(data.phase ?? "")) end(runId);
        else begin(runId, sessionKey);
      } else if (event === "chat") {
        const parsed = chatEventSchema.safeParse(payload);
        if (parsed.success && endStates.has(parsed.data.state)) end(parsed.data.runId);
      }
    },
    mark() {
      const run = choose();
      if (run !== null) {
        run.hasCalled = true;
        return { id: run.id, kind: run.kind };
      }
      if (last === null || now() - last.atMs > AFTERMATH_MS)
        last = { mark: { id: newId(), kind: "message" }, atMs: now() };
      last.atMs = now();
      return last.mark;
    },
  };
}

/** A run's id is its caller's choice and may come again; with the time of its start it does not. */
function nameOf(runId: string, startedAtMs: number): string {
  const isName = RUN_ID.test(runId) && runId.length <= LONGEST_ID;
  const name = isName ? runId : createHash("sha256").update(runId).digest("hex");
  return `${name}_${startedAtMs.toString(36)}`;
}
