import type { AgentView } from "@automna/contract/agents";

export const wizardSteps = ["model", "name", "deploy"] as const;
export type WizardStep = (typeof wizardSteps)[number];

export const stepTitles: Record<WizardStep, string> = { model: "Model", name: "Name", deploy: "Deploy" };

/** Where the wizard stands: an agent that exists is being deployed, whatever was typed before a reload. */
export function currentStep(chosen: Exclude<WizardStep, "deploy">, agent: AgentView | null): WizardStep {
  return agent === null ? chosen : "deploy";
}
