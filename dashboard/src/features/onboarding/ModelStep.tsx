import { putKeySchema, type Me } from "@automna/contract/identity";
import { isAppError } from "@automna/core/shared/app-error";
import type { ModelSource } from "@automna/core/agents/agent-spec";
import { zodResolver } from "@hookform/resolvers/zod";
import { CircleCheck, ExternalLink } from "lucide-react";
import { useState } from "react";
import { useForm } from "react-hook-form";
import { usePutKey } from "../../api/mutations.ts";
import { Button } from "../../components/Button.tsx";
import { ChoiceGroup, type Choice } from "../../components/ChoiceGroup.tsx";
import { SecretField } from "../../components/SecretField.tsx";
import { anthropicLinks } from "../../agents/anthropic-links.ts";
import { modelTexts } from "../../agents/model-source.ts";

const toChoice = (value: ModelSource): Choice<ModelSource> => ({ value, ...modelTexts[value] });

interface ModelStepProps {
  storedKey: Me["key"];
  source: ModelSource;
  /** What may be chosen here. */
  offered: readonly ModelSource[];
  onSource(source: ModelSource): void;
  onDone(): void;
}

/** Step 1: whose model answers. A key is checked with Anthropic before the wizard goes on. */
export function ModelStep({ storedKey, source, offered, onSource, onDone }: ModelStepProps) {
  const putKey = usePutKey();
  const [replacing, setReplacing] = useState(false);
  const form = useForm({ resolver: zodResolver(putKeySchema), defaultValues: { key: "" } });
  const asksForKey = source === "byok" && (storedKey === null || replacing);

  function submit(event: React.SubmitEvent<HTMLFormElement>): void {
    if (asksForKey) return void form.handleSubmit(({ key }) => putKey.mutate(key, { onSuccess: onDone }))(event);
    event.preventDefault();
    onDone();
  }

  return (
    <form noValidate data-testid="wizard-model" className="grid gap-6" onSubmit={submit}>
      <div className="grid gap-2">
        <h1 className="text-28 font-semibold tracking-tight">What should your agent think with?</h1>
        <p className="text-ink-2">
          {offered.includes("credits")
            ? "It works with Claude, on your credits or through an API key of your own."
            : "It works with Claude through an API key of your own."}{" "}
          Claude subscriptions can't be connected.
        </p>
      </div>
      <ChoiceGroup label="Model" choices={offered.map(toChoice)} value={source} onChange={onSource} />
      {asksForKey ? (
        <SecretField
          label="Anthropic API key"
          placeholder="sk-ant-api…"
          autoFocus
          error={form.formState.errors.key?.message ?? putKey.error?.message}
          hint={
            <>
              Sealed on arrival and never shown again.{" "}
              <a
                href={anthropicLinks.keys}
                target="_blank"
                rel="noreferrer"
                className="inline-flex items-center gap-1 text-accent-text underline-offset-2 hover:underline"
              >
                Get a key <ExternalLink aria-hidden className="size-3" />
              </a>
            </>
          }
          {...form.register("key", { onChange: () => putKey.reset() })}
        />
      ) : null}
      {isAppError(putKey.error, "key_limited") ? (
        <a
          href={anthropicLinks.billing}
          target="_blank"
          rel="noreferrer"
          className="-mt-3 text-13 text-accent-text underline"
        >
          Open Anthropic billing
        </a>
      ) : null}
      {source === "byok" && storedKey !== null && !replacing ? (
        <p className="flex flex-wrap items-center gap-x-3 gap-y-1 text-ink-2">
          <span className="inline-flex items-center gap-2">
            <CircleCheck aria-hidden className="size-4 text-ready" />
            Checked key ending in <span className="font-mono text-ink">{storedKey.last4}</span>
          </span>
          <Button look="quiet" size="small" onClick={() => setReplacing(true)}>
            Use another
          </Button>
        </p>
      ) : null}
      <div className="flex items-center gap-4">
        <Button type="submit" look="primary" size="large" busy={putKey.isPending}>
          {putKey.isPending ? "Checking with Anthropic" : asksForKey ? "Check and continue" : "Continue"}
        </Button>
      </div>
    </form>
  );
}
