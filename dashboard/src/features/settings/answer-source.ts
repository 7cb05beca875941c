import type { AgentView } from "@automna/contract/agents";
import type { ModelSource } from "@automna/core/agents/agent-spec";

type AnsweringAgent = Pick<AgentView, "name" | "modelSource" | "desired">;

/** True when the agent exists and goes on existing: then it can be told where its answers come from. */
export function canChooseModel<Agent extends AnsweringAgent>(agent: Agent | null | undefined): agent is Agent {
  return agent != null && agent.desired !== "deleted";
}

const otherSource: Record<Exclude<ModelSource, "byok">, string> = { demo: "the demo model", credits: "your credits" };

/** What removing the key means for this agent. */
export function removalConsequence(agent: AnsweringAgent | null): string {
  if (agent === null) return "Automna forgets it at once.";
  return agent.modelSource === "byok"
    ? `Automna forgets it at once. ${agent.name} can't answer until there is a new one, or until you switch to the demo model.`
    : `Automna forgets it at once. ${agent.name} goes on with ${otherSource[agent.modelSource]}.`;
}

/** What becomes of a key that is about to be saved. */
export function savingHint(agent: AnsweringAgent | null, isReplacement: boolean): string {
  if (isReplacement) return "The old key stays in use until the new one has been checked.";
  if (agent === null || agent.modelSource === "byok") return "Checked with Anthropic before it is kept.";
  return `Checked with Anthropic before it is kept. From then on ${agent.name} answers with it, and Anthropic bills the usage to your account.`;
}
