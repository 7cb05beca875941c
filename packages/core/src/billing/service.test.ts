import { expect, test } from "vitest";
import { agentReasons, reasonText } from "../agents/agent-health.ts";
import { serviceFor, serviceStops, type ServiceFacts } from "./service.ts";

const facts = (over: Partial<ServiceFacts> = {}): ServiceFacts => ({
  dunning: "clear",
  standing: { kind: "nothing", everPaid: false },
  isAccountEnding: false,
  freeTier: null,
  ...over,
});
const paid = { kind: "paid", tier: "pro", untilMs: null } as const;
const owed = { kind: "owed", tier: "pro" } as const;
const ended = { kind: "nothing", everPaid: true } as const;

test.each([
  ["nothing was bought", facts(), "plan_needed"],
  ["on one's own machine nothing is bought", facts({ freeTier: "local" }), "local"],
  ["paid", facts({ standing: paid }), "pro"],
  ["paid, where others pay nothing", facts({ standing: paid, freeTier: "local" }), "pro"],
  ["owed within the grace", facts({ standing: owed, dunning: "grace" }), "pro"],
  ["owed too long", facts({ standing: owed, dunning: "asleep" }), "payment_failed"],
  ["over", facts({ standing: ended, dunning: "asleep" }), "plan_ended"],
  ["over for good", facts({ standing: ended, dunning: "expired", freeTier: "local" }), "plan_ended"],
  ["paid, but the account ends", facts({ standing: paid, isAccountEnding: true }), "account_ending"],
])("%s", (_, given, outcome) => {
  const service = serviceFor(given);
  expect(service.kind === "served" ? service.tier : service.why).toBe(outcome);
});

test("a customer reads why the platform stopped an agent, and what helps", () => {
  for (const stop of serviceStops) {
    expect(agentReasons).toContain(stop);
    expect(reasonText(stop).detail.length).toBeGreaterThan(40);
  }
  expect(reasonText("payment_failed").title).toBe("Payment failed. Update your card to keep your agent running.");
});
