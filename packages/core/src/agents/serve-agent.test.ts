import { expect, test } from "vitest";
import { serviceStops } from "../billing/service.ts";
import { planService, type AgentService, type ServedAgent } from "./serve-agent.ts";

const agent = (over: Partial<ServedAgent> = {}): ServedAgent => ({
  desired: "running",
  stoppedFor: null,
  tier: "starter",
  ...over,
});
const service = (over: Partial<AgentService> = {}): AgentService => ({
  isExpired: false,
  stop: null,
  tier: "starter",
  ...over,
});
/** What the agent is after a change. */
const after = (before: ServedAgent, wanted: AgentService): ServedAgent => {
  const change = planService(before, wanted);
  return change === null ? before : { desired: change.desired, stoppedFor: change.stoppedFor, tier: change.tier };
};

test("each reason stops an agent, and paying brings it back as it was", () => {
  for (const stop of serviceStops) {
    const stopped = after(agent(), service({ stop, tier: null }));
    expect(stopped).toEqual({ desired: "stopped", stoppedFor: stop, tier: "starter" });
    expect(after(stopped, service())).toEqual(agent());
  }
});

test("an agent that its owner stopped is not started by paying", () => {
  const own = agent({ desired: "stopped" });
  expect(planService(own, service({ stop: "plan_ended" }))).toBeNull();
  expect(planService(own, service())).toBeNull();
});

test("the same service again changes nothing, and another reason takes the place of the first", () => {
  const stopped = after(agent(), service({ stop: "payment_failed" }));
  expect(planService(stopped, service({ stop: "payment_failed" }))).toBeNull();
  expect(after(stopped, service({ stop: "plan_ended" })).stoppedFor).toBe("plan_ended");
});

test("another memory limit means a new start in place, another price alone does not", () => {
  expect(planService(agent(), service({ tier: "pro" }))).toMatchObject({ tier: "pro", isNewGeneration: true });
  expect(planService(agent({ tier: "local" }), service())).toMatchObject({ tier: "starter", isNewGeneration: false });
  // A plan that the catalogue no longer has.
  expect(planService(agent({ tier: null }), service())).toMatchObject({ tier: "starter", isNewGeneration: true });
});

test("when the time is over the agent goes, and only then", () => {
  expect(after(agent({ desired: "stopped", stoppedFor: "plan_ended" }), service({ isExpired: true })).desired).toBe(
    "deleted",
  );
  expect(planService(agent({ desired: "deleted" }), service())).toBeNull();
});
