import type { AgentView } from "@automna/contract/agents";
import type { Me } from "@automna/contract/identity";
import type { ModelSource } from "@automna/core/agents/agent-spec";

/** Where answers come from, in the same words wherever it is chosen or shown. */
export const modelTexts: Record<ModelSource, { label: string; description: string }> = {
  byok: {
    label: "Your Anthropic key",
    description: "The real thing. Anthropic bills the usage to your account.",
  },
  demo: {
    label: "Demo model",
    description: "No key, no cost. A built-in stand-in with prepared answers, good for looking around.",
  },
};

/** True when the agent should answer with a key that is not there. */
export function lacksKey({ modelSource }: Pick<AgentView, "modelSource">, key: Me["key"]): boolean {
  return modelSource === "byok" && key === null;
}
