import type { AgentView } from "@automna/contract/agents";
import type { Me } from "@automna/contract/identity";
import { modelSources, type ModelSource } from "@automna/core/agents/agent-spec";

/** Where answers come from, in the same words wherever it is chosen or shown. */
export const modelTexts: Record<ModelSource, { label: string; description: string }> = {
  byok: {
    label: "Your Anthropic key",
    description: "The real thing. Anthropic bills the usage to your account.",
  },
  credits: {
    label: "Automna credits",
    description:
      "The real thing, without a key of your own. Each message takes credits: 1, or 5 on the strongest models.",
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

/** What is offered, and what is in force even if it is not offered any more. */
export function sourcesToShow(offered: readonly ModelSource[], present: ModelSource): ModelSource[] {
  return modelSources.filter((source) => source === present || offered.includes(source));
}

/** Before the platform has said what else there is: what there is everywhere. */
export const alwaysOffered: readonly ModelSource[] = ["byok", "demo"];
