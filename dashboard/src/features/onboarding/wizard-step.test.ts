import { deployAgentSchema } from "@automna/contract/agents";
import { expect, test } from "vitest";
import { personalities } from "./personalities.ts";
import { currentStep } from "./wizard-step.ts";

test("shows the deploy as soon as there is an agent, also after a reload", () => {
  expect(currentStep("model", null)).toBe("model");
  expect(currentStep("name", null)).toBe("name");
  expect(currentStep("model", {} as Parameters<typeof currentStep>[1])).toBe("deploy");
});

test("offers presets that the api accepts", () => {
  for (const { text } of personalities)
    expect(deployAgentSchema.safeParse({ name: "Nova", personality: text, modelSource: "demo" }).success).toBe(true);
});
