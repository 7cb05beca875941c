import { SECOND_MS } from "@automna/core/shared/clock";

/** What lives as long as its `beat` is called; it leaves by itself. */
export interface Beating {
  beat: () => void;
}

export interface Heartbeat {
  /** Returns how to leave. */
  join: (one: Beating) => () => void;
  close: () => void;
}

/** Below Cloudflare's 100 s of silence with room for a lost ping. */
export const HEARTBEAT_MS = 20 * SECOND_MS;
/** So many groups take turns, and one timer serves them all: pings of many sockets don't leave in one burst. */
const GROUPS = 20;

/** Beats everyone who joined once every `everyMs`. */
export function makeHeartbeat(everyMs: number): Heartbeat {
  const groups = Array.from({ length: GROUPS }, () => new Set<Beating>());
  let turn = 0;
  const timer = setInterval(() => {
    turn = (turn + 1) % GROUPS;
    for (const one of groups[turn] ?? []) one.beat();
  }, everyMs / GROUPS);
  timer.unref();
  return {
    join(one) {
      // Its first turn is a whole round away: a socket that was just opened has just been heard.
      const group = groups[turn];
      group?.add(one);
      return () => group?.delete(one);
    },
    close: () => clearInterval(timer),
  };
}
