import { isAppError } from "@automna/core/shared/app-error";
import type { Clock } from "@automna/core/shared/clock";
import { makeRateLimit } from "../ingress/limits-rate.ts";
import { modelRefused } from "./provider-error.ts";

export interface CallLimitOptions {
  /** Calls of one agent per second in the long run; ten times as many at once. */
  callsPerS: number;
  /** Calls of one agent under way at once. */
  callsAtOnce: number;
}

export const defaultCallLimits: CallLimitOptions = { callsPerS: 5, callsAtOnce: 32 };
const BURST_S = 10;

export interface CallLimits {
  /** Counts a call until the answer's `close`. Throws the refusal `agent_too_busy`. */
  enter: (agentId: string, response: { once: (event: "close", done: () => void) => unknown }) => void;
}

/** A runaway agent's calls are refused before they cost anything. Each process counts for itself. */
export function makeCallLimits({ callsPerS, callsAtOnce }: CallLimitOptions, now: Clock): CallLimits {
  const limitRate = makeRateLimit({ requestsPerS: callsPerS, requestsBurst: callsPerS * BURST_S }, now);
  const underWay = new Map<string, number>();
  return {
    enter(agentId, response) {
      const count = underWay.get(agentId) ?? 0;
      if (count >= callsAtOnce) throw modelRefused("agent_too_busy");
      try {
        limitRate(agentId);
      } catch (error) {
        throw isAppError(error, "too_many_requests") ? modelRefused("agent_too_busy") : error;
      }
      underWay.set(agentId, count + 1);
      response.once("close", () => {
        const left = (underWay.get(agentId) ?? 1) - 1;
        if (left > 0) underWay.set(agentId, left);
        else underWay.delete(agentId);
      });
    },
  };
}
