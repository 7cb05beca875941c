import { apiKeyLifetimes, createApiKeySchema, type CreatedApiKey } from "@automna/contract/api-keys";
import { apiKeyScopes, type ApiKeyScope } from "@automna/core/api-keys/api-key-state";
import { useState, type FormEvent } from "react";
import { useCreateApiKey } from "../../api/api-keys.ts";
import { Button } from "../../components/Button.tsx";
import { CheckGroup } from "../../components/CheckGroup.tsx";
import { TextField } from "../../components/Field.tsx";
import { SegmentedControl, type Segment } from "../../components/SegmentedControl.tsx";
import { scopeTexts } from "./api-key-texts.ts";

const scopeChoices = apiKeyScopes.map((scope) => ({ value: scope, ...scopeTexts[scope] }));

type Lifetime = (typeof apiKeyLifetimes)[number];
const lifetimes: readonly Segment<string>[] = [
  ...apiKeyLifetimes.map((days) => ({ value: String(days), label: days === 365 ? "1 year" : `${days} days` })),
  { value: "never", label: "No end" },
];

export function ApiKeyForm({ onClose, onMade }: { onClose(): void; onMade(made: CreatedApiKey): void }) {
  const create = useCreateApiKey();
  const [name, setName] = useState("");
  const [scopes, setScopes] = useState<readonly ApiKeyScope[]>([]);
  const [expiresInDays, setExpiresInDays] = useState<Lifetime | null>(90);
  const [problems, setProblems] = useState<{ name?: string | undefined; scopes?: string | undefined }>({});

  function submit(event: FormEvent): void {
    event.preventDefault();
    const parsed = createApiKeySchema.safeParse({ name, scopes, expiresInDays });
    const problemOf = (field: string) => parsed.error?.issues.find(({ path }) => path[0] === field)?.message;
    setProblems({ name: problemOf("name"), scopes: problemOf("scopes") });
    if (parsed.success) create.mutate(parsed.data, { onSuccess: onMade });
  }

  return (
    <form noValidate data-testid="api-key-form" className="grid max-w-[30rem] gap-5" onSubmit={submit}>
      <TextField
        label="Name"
        placeholder="What uses it, e.g. nightly report"
        autoFocus
        maxLength={60}
        value={name}
        error={problems.name}
        onChange={(event) => setName(event.target.value)}
      />
      <CheckGroup label="It may" choices={scopeChoices} value={scopes} error={problems.scopes} onChange={setScopes} />
      <div className="grid gap-1.5">
        <p className="text-13 font-medium">Ends after</p>
        <div>
          <SegmentedControl
            label="Ends after"
            segments={lifetimes}
            value={expiresInDays === null ? "never" : String(expiresInDays)}
            onChange={(value) => setExpiresInDays(apiKeyLifetimes.find((days) => String(days) === value) ?? null)}
          />
        </div>
      </div>
      {create.isError ? (
        <p role="alert" className="text-13 text-failing">
          {create.error.message}
        </p>
      ) : null}
      <div className="flex gap-2">
        <Button type="submit" look="primary" busy={create.isPending}>
          Make the key
        </Button>
        <Button look="quiet" onClick={onClose}>
          Cancel
        </Button>
      </div>
    </form>
  );
}
