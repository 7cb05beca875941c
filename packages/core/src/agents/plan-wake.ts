import type { AgentStep } from "./agent-steps.ts";
import type { PlanInput } from "./plan-input.ts";

/**
 * What has to happen before an agent that rests may get up on a node that counts who is awake; null = nothing. First the
 * room, under a lock, then the start: two that wake at the same time never take the same place.
 */
export function planWake({ agent, wake }: PlanInput): AgentStep[] | null {
  if (wake === null) return null;
  const seek: AgentStep = { step: "seekRoom", choice: wake };
  if (wake.kind !== "wait") return [seek];
  // Told once: whoever looks at the agent reads it until its phase changes.
  const isTold = agent.reason === "waiting_for_room";
  return [...(isTold ? [] : [seek]), { step: "wait", untilMs: wake.untilMs }];
}
