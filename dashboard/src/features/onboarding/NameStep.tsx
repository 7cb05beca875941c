import { deployAgentSchema, type DeployAgent } from "@automna/contract/agents";
import { zodResolver } from "@hookform/resolvers/zod";
import { useForm, useWatch } from "react-hook-form";
import { Banner } from "../../components/Banner.tsx";
import { Button } from "../../components/Button.tsx";
import { TextAreaField, TextField } from "../../components/Field.tsx";
import { ToggleChips } from "../../components/ToggleChips.tsx";
import { personalities } from "./personalities.ts";

const nameSchema = deployAgentSchema.pick({ name: true, personality: true });

interface NameStepProps {
  busy: boolean;
  error: Error | null;
  onBack(): void;
  onDeploy(values: Pick<DeployAgent, "name" | "personality">): void;
}

/** Step 2: who it is. Deploying is one press from here. */
export function NameStep({ busy, error, onBack, onDeploy }: NameStepProps) {
  const form = useForm({
    resolver: zodResolver(nameSchema),
    defaultValues: { name: "", personality: personalities[0].text },
  });
  const personality = useWatch({ control: form.control, name: "personality" });
  const chosen = personalities.find((preset) => preset.text === personality);

  return (
    <form
      noValidate
      data-testid="wizard-name"
      className="grid gap-6"
      onSubmit={(event) => void form.handleSubmit(onDeploy)(event)}
    >
      <div className="grid gap-2">
        <h1 className="text-28 font-semibold tracking-tight">Who is it?</h1>
        <p className="text-ink-2">A name, and how it should work with you.</p>
      </div>
      {error ? (
        <Banner tone="failing" title={error.message}>
          Nothing was started. What you typed is still here.
        </Banner>
      ) : null}
      <TextField
        label="Name"
        autoFocus
        autoComplete="off"
        maxLength={40}
        placeholder="Nova"
        error={form.formState.errors.name?.message}
        {...form.register("name")}
      />
      <TextAreaField
        label="Personality"
        optional
        above={
          <div className="pb-1.5 pt-0.5">
            <ToggleChips
              label="Personality presets"
              chips={personalities.map((preset) => ({ value: preset.id, label: preset.label }))}
              value={chosen?.id ?? null}
              onChange={(id) => {
                const preset = personalities.find((one) => one.id === id);
                if (preset) form.setValue("personality", preset.text, { shouldDirty: true });
              }}
            />
          </div>
        }
        hint={chosen?.summary ?? "In your own words."}
        error={form.formState.errors.personality?.message}
        {...form.register("personality")}
      />
      <div className="flex flex-wrap items-center gap-3">
        <Button type="submit" look="primary" size="large" busy={busy}>
          {busy ? "Deploying" : "Deploy agent"}
        </Button>
        <Button look="quiet" size="large" onClick={onBack}>
          Back
        </Button>
      </div>
    </form>
  );
}
