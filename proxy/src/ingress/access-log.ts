import type { Clock } from "@automna/core/shared/clock";
import type { Passage } from "./passage.ts";

export interface AccessLog {
  /** Remembers one line; a request waits for no disk. */
  add: (passage: Passage, endedAt: number) => void;
  flush: () => void;
}

export interface AccessLogOptions {
  /** Gets whole lines. */
  write: (text: string) => void;
  now: Clock;
}

const FLUSH_MS = 250;
const FLUSH_LINES = 200;

/**
 * One JSON line per request or upgrade: who, which kind of address, how it ended and how long each part took. Never a
 * path, a query, a header or a body.
 */
export function formatAccess(passage: Passage, endedAt: number, time: string): string {
  const { requestId, trace, userId, agentId, method, pathClass, status, code, tally } = passage;
  const { startedAt, checkedAt, routedAt, answeredAt } = passage;
  // Ids, codes and methods are of our own making or from closed lists, and the time is ours: nothing to escape.
  const traceId = trace === null ? "" : `,"traceId":"${trace.traceId}"`;
  const refusal = code === null ? "" : `,"code":"${code}"`;
  return `{"level":"info","time":"${time}","service":"ingress","msg":"access","requestId":"${requestId}"${traceId},"user":${quoted(userId)},"agent":${quoted(agentId)},"method":"${method}","class":"${pathClass}","status":${status}${refusal},"us":{"checks":${between(startedAt, checkedAt)},"route":${between(checkedAt, routedAt)},"answer":${between(routedAt, answeredAt)},"total":${between(startedAt, endedAt)}},"bytes":{"in":${tally.bytesIn},"out":${tally.bytesOut}}}\n`;
}

/** Writes many lines at a time: one write per line would cost as much as the request. */
export function makeAccessLog({ write, now }: AccessLogOptions): AccessLog {
  let text = "";
  let lines = 0;
  let timeMs = 0;
  let time = "";
  let timer: NodeJS.Timeout | null = null;

  const flush = () => {
    if (timer !== null) clearTimeout(timer);
    timer = null;
    if (text === "") return;
    const whole = text;
    text = "";
    lines = 0;
    write(whole);
  };

  return {
    flush,
    add(passage, endedAt) {
      const ms = now();
      if (ms !== timeMs) {
        timeMs = ms;
        time = new Date(ms).toISOString();
      }
      text += formatAccess(passage, endedAt, time);
      lines += 1;
      if (lines >= FLUSH_LINES) flush();
      else timer ??= setTimeout(flush, FLUSH_MS).unref();
    },
  };
}

function quoted(id: string | null): string {
  return id === null ? "null" : `"${id}"`;
}

/** Whole microseconds: a fraction would take longer to print than everything else of the line. */
function between(from: number | null, to: number | null): string {
  return from === null || to === null ? "null" : String(Math.round((to - from) * 1_000));
}
