import type { AgentView } from "@automna/contract/agents";
import { putKeySchema, type Me } from "@automna/contract/identity";
import { isAppError } from "@automna/core/shared/app-error";
import { zodResolver } from "@hookform/resolvers/zod";
import { useState } from "react";
import { useForm } from "react-hook-form";
import { anthropicLinks } from "../../agents/anthropic-links.ts";
import { useDeleteKey, usePutKey, type useChooseModel } from "../../api/mutations.ts";
import { Button } from "../../components/Button.tsx";
import { ConfirmDialog } from "../../components/ConfirmDialog.tsx";
import { RelativeTime } from "../../components/RelativeTime.tsx";
import { SecretField } from "../../components/SecretField.tsx";
import { removalConsequence, savingHint } from "./answer-source.ts";

interface KeySettingsProps {
  storedKey: Me["key"];
  /** Whose answers may come from it; null without one. */
  agent: AgentView | null;
  choosing: ReturnType<typeof useChooseModel>;
}

/** The stored key (last 4 only) with replace and remove, or the form for a first one. */
export function KeySettings({ storedKey, agent, choosing }: KeySettingsProps) {
  const [editing, setEditing] = useState(false);
  const isUnused = agent !== null && agent.modelSource !== "byok" && !choosing.isPending;
  function putToUse(): void {
    if (agent !== null) choosing.mutate({ agentId: agent.id, modelSource: "byok" });
  }
  if (storedKey === null || editing) {
    const isReplacement = storedKey !== null;
    return (
      <KeyForm
        isReplacement={isReplacement}
        hint={savingHint(agent, isReplacement)}
        onClose={() => setEditing(false)}
        onSaved={() => {
          setEditing(false);
          // Whoever brings a first key brings it for this; one that was there was left aside on purpose.
          if (!isReplacement && isUnused) putToUse();
        }}
      />
    );
  }
  return (
    <div className="grid min-w-0 grid-cols-1 gap-3">
      <StoredKey storedKey={storedKey} agent={agent} onReplace={() => setEditing(true)} />
      {isUnused ? (
        <div className="flex flex-wrap items-center justify-between gap-x-6 gap-y-2 text-13 text-ink-2">
          <p>
            The key is not in use: answers come from{" "}
            {agent.modelSource === "credits" ? "your credits" : "the demo model"}.
          </p>
          <Button size="small" onClick={putToUse} className="max-w-full">
            <span className="truncate">Use this key for {agent.name}</span>
          </Button>
        </div>
      ) : null}
    </div>
  );
}

interface StoredKeyProps {
  storedKey: NonNullable<Me["key"]>;
  agent: AgentView | null;
  onReplace(): void;
}

function StoredKey({ storedKey, agent, onReplace }: StoredKeyProps) {
  const deleteKey = useDeleteKey();
  return (
    <div className="flex flex-wrap items-center justify-between gap-x-6 gap-y-3 rounded-large border border-line bg-raised p-4">
      <div className="grid gap-0.5">
        <p data-testid="stored-key" className="font-mono text-14">
          <span aria-hidden>sk-ant-••••••••</span>
          <span className="sr-only">Key ending in </span>
          {storedKey.last4}
        </p>
        <p className="text-13 text-ink-3">
          Checked with Anthropic <RelativeTime atMs={storedKey.validatedAtMs} ago />
        </p>
        {deleteKey.isError ? (
          <p role="alert" className="text-13 text-failing">
            {deleteKey.error.message}
          </p>
        ) : null}
      </div>
      <div className="flex gap-2">
        <Button size="small" onClick={onReplace}>
          Replace
        </Button>
        <ConfirmDialog
          trigger={
            <Button size="small" look="quiet">
              Remove
            </Button>
          }
          title="Remove the key?"
          consequence={removalConsequence(agent)}
          confirmLabel="Remove key"
          busy={deleteKey.isPending}
          onConfirm={() => deleteKey.mutate()}
        />
      </div>
    </div>
  );
}

interface KeyFormProps {
  isReplacement: boolean;
  hint: string;
  onClose(): void;
  onSaved(): void;
}

function KeyForm({ isReplacement, hint, onClose, onSaved }: KeyFormProps) {
  const putKey = usePutKey();
  const form = useForm({ resolver: zodResolver(putKeySchema), defaultValues: { key: "" } });
  return (
    <form
      noValidate
      className="grid max-w-[30rem] gap-4"
      onSubmit={(event) =>
        void form.handleSubmit(({ key }) => putKey.mutateAsync(key).then(onSaved, () => undefined))(event)
      }
    >
      <SecretField
        label={isReplacement ? "New key" : "Anthropic API key"}
        placeholder="sk-ant-api…"
        autoFocus={isReplacement}
        error={form.formState.errors.key?.message ?? putKey.error?.message}
        hint={hint}
        {...form.register("key", { onChange: () => putKey.reset() })}
      />
      {isAppError(putKey.error, "key_limited") ? (
        <a
          href={anthropicLinks.billing}
          target="_blank"
          rel="noreferrer"
          className="text-13 text-accent-text underline"
        >
          Open Anthropic billing
        </a>
      ) : null}
      <div className="flex gap-2">
        <Button type="submit" look="primary" busy={putKey.isPending}>
          {putKey.isPending ? "Checking" : "Check and save"}
        </Button>
        {isReplacement ? (
          <Button look="quiet" onClick={onClose}>
            Cancel
          </Button>
        ) : null}
      </div>
    </form>
  );
}
