import type { AgentView } from "@automna/contract/agents";
import type { Me } from "@automna/contract/identity";
import type { ModelSource } from "@automna/core/agents/agent-spec";
import { lacksKey, modelTexts, sourcesToShow } from "../../agents/model-source.ts";
import type { useChooseModel } from "../../api/mutations.ts";
import { Banner } from "../../components/Banner.tsx";
import { Button } from "../../components/Button.tsx";
import { SegmentedControl } from "../../components/SegmentedControl.tsx";

interface AnswerSourceProps {
  agent: AgentView;
  storedKey: Me["key"];
  /** What may be chosen here; what is in force is always shown. */
  offered: readonly ModelSource[];
  choosing: ReturnType<typeof useChooseModel>;
}

/** The switch between the customer's key, credits and the demo model, and what the present choice means. */
export function AnswerSource({ agent, storedKey, offered, choosing }: AnswerSourceProps) {
  const source = choosing.isPending ? choosing.variables.modelSource : agent.modelSource;
  const isLost = lacksKey(agent, storedKey);
  function choose(modelSource: ModelSource): void {
    if (!choosing.isPending) choosing.mutate({ agentId: agent.id, modelSource });
  }
  return (
    <div
      data-testid="answer-source"
      data-source={agent.modelSource}
      aria-busy={choosing.isPending || undefined}
      className="grid gap-3"
    >
      {isLost ? (
        <Banner
          tone="waiting"
          title={`${agent.name} can't answer until there is a key.`}
          action={
            <Button size="small" busy={choosing.isPending} onClick={() => choose("demo")}>
              Use the demo model
            </Button>
          }
        >
          Its answers come from your Anthropic key, and none is stored. Add one below, or switch to the demo model.
        </Banner>
      ) : null}
      <div>
        <SegmentedControl
          label="Answers come from"
          segments={sourcesToShow(offered, agent.modelSource).map((value) => ({
            value,
            label: modelTexts[value].label,
            disabled: value === "byok" && storedKey === null,
          }))}
          value={source}
          onChange={choose}
        />
      </div>
      {isLost ? null : (
        <p className="max-w-[36rem] text-13 text-ink-2">
          {modelTexts[source].description}
          {storedKey === null ? " Add your Anthropic key below to choose it." : null}
        </p>
      )}
      {choosing.isError ? (
        <p role="alert" className="text-13 text-failing">
          {choosing.error.message}
        </p>
      ) : null}
    </div>
  );
}
