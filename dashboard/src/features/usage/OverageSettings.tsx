import { putOverageSchema, type CreditsView } from "@automna/contract/credits";
import { useState } from "react";
import { usePutOverage } from "../../api/mutations.ts";
import { Button } from "../../components/Button.tsx";
import { TextField } from "../../components/Field.tsx";
import { formatCredits } from "./usage-texts.ts";

type Overage = CreditsView["overage"];

/** Off, or a cap that the customer sets: nothing is billed that was not agreed to here. */
export function OverageSettings({ overage }: { overage: Overage }) {
  const putOverage = usePutOverage();
  const price = `$${overage.blockPriceCents / 100} per ${formatCredits(overage.blockCredits)} credits`;
  if (!overage.canUse && overage.capCredits === null)
    return <p className="text-ink-2">Your plan has no overage: there is no card that it could be billed to.</p>;
  return (
    <div className="grid max-w-[30rem] gap-4">
      <p data-testid="overage-state" className="text-ink-2">
        {overage.capCredits === null
          ? `Off. When you switch it on, each block that begins costs ${price}.`
          : `On, for at most ${formatCredits(overage.capCredits)} credits a month. Each block that begins costs ${price}.`}
      </p>
      <CapForm
        overage={overage}
        error={putOverage.error?.message}
        onSave={(cap) => putOverage.mutate(cap)}
        busy={putOverage.isPending}
      />
      {overage.capCredits === null ? null : (
        <div>
          <Button look="quiet" size="small" busy={putOverage.isPending} onClick={() => putOverage.mutate(null)}>
            Switch overage off
          </Button>
        </div>
      )}
    </div>
  );
}

interface CapFormProps {
  overage: Overage;
  error: string | undefined;
  busy: boolean;
  onSave(capCredits: number): void;
}

function CapForm({ overage, error, busy, onSave }: CapFormProps) {
  const [text, setText] = useState(String(overage.capCredits ?? overage.blockCredits));
  const [problem, setProblem] = useState<string>();
  const save = () => {
    const parsed = putOverageSchema.safeParse({ capCredits: text.trim() === "" ? Number.NaN : Number(text) });
    if (!parsed.success) return setProblem(parsed.error.issues[0]?.message ?? "Enter a number of credits.");
    setProblem(undefined);
    if (parsed.data.capCredits !== null) onSave(parsed.data.capCredits);
  };
  return (
    <form
      noValidate
      className="flex flex-wrap items-end gap-2"
      onSubmit={(event) => {
        event.preventDefault();
        save();
      }}
    >
      <div className="min-w-0 flex-1 basis-48">
        <TextField
          label="Most credits of overage in a month"
          inputMode="numeric"
          value={text}
          error={problem ?? error}
          onChange={(event) => {
            setText(event.target.value);
            setProblem(undefined);
          }}
        />
      </div>
      <Button type="submit" busy={busy}>
        {overage.capCredits === null ? "Allow overage" : "Save"}
      </Button>
    </form>
  );
}
