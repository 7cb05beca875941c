import type { AgentView } from "@automna/contract/agents";

type AnsweringAgent = Pick<AgentView, "name" | "modelSource" | "desired">;

/** True when the agent exists and goes on existing: then it can be told where its answers come from. */
export function canChooseModel<Agent extends AnsweringAgent>(agent: Agent | null | undefined): agent is Agent {
  return agent != null && agent.desired !== "deleted";
}

/** What removing the key means for this agent. */
export function removalConsequence(agent: AnsweringAgent | null): string {
  if (agent === null) return "Automna forgets it at once.";
  return agent.modelSource === "byok"
    ? `Automna forgets it at once. ${agent.name} can't answer until there is a new one, or until you switch to the demo model.`
    : `Automna forgets it at once. ${agent.name} goes on with the demo model.`;
}

/** What becomes of a key that is about to be saved. */
export function savingHint(agent: AnsweringAgent | null, isReplacement: boolean): string {
  if (isReplacement) return "The old key stays in use until the new one has been checked.";
  if (agent?.modelSource !== "demo") return "Checked with Anthropic before it is kept.";
  return `Checked with Anthropic before it is kept. From then on ${agent.name} answers with it, and Anthropic bills the usage to your account.`;
}
