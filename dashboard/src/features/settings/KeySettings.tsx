import { putKeySchema, type Me } from "@automna/contract/identity";
import { isAppError } from "@automna/core/shared/app-error";
import { zodResolver } from "@hookform/resolvers/zod";
import { useState } from "react";
import { useForm } from "react-hook-form";
import { anthropicLinks } from "../../agents/anthropic-links.ts";
import { useDeleteKey, usePutKey } from "../../api/mutations.ts";
import { Button } from "../../components/Button.tsx";
import { ConfirmDialog } from "../../components/ConfirmDialog.tsx";
import { RelativeTime } from "../../components/RelativeTime.tsx";
import { SecretField } from "../../components/SecretField.tsx";

/** The stored key (last 4 only) with replace and remove, or the form for a first one. */
export function KeySettings({ storedKey }: { storedKey: Me["key"] }) {
  const [editing, setEditing] = useState(false);
  if (storedKey === null || editing) {
    return <KeyForm isReplacement={storedKey !== null} onClose={() => setEditing(false)} />;
  }
  return <StoredKey storedKey={storedKey} onReplace={() => setEditing(true)} />;
}

function StoredKey({ storedKey, onReplace }: { storedKey: NonNullable<Me["key"]>; onReplace(): void }) {
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
          consequence="Automna forgets it at once. An agent that thinks with it can't answer until there is a new one."
          confirmLabel="Remove key"
          busy={deleteKey.isPending}
          onConfirm={() => deleteKey.mutate()}
        />
      </div>
    </div>
  );
}

function KeyForm({ isReplacement, onClose }: { isReplacement: boolean; onClose(): void }) {
  const putKey = usePutKey();
  const form = useForm({ resolver: zodResolver(putKeySchema), defaultValues: { key: "" } });
  return (
    <form
      noValidate
      className="grid max-w-[30rem] gap-4"
      onSubmit={(event) => void form.handleSubmit(({ key }) => putKey.mutate(key, { onSuccess: onClose }))(event)}
    >
      <SecretField
        label={isReplacement ? "New key" : "Anthropic API key"}
        placeholder="sk-ant-api…"
        autoFocus={isReplacement}
        error={form.formState.errors.key?.message ?? putKey.error?.message}
        hint={
          isReplacement
            ? "The old key stays in use until the new one has been checked."
            : "Checked with Anthropic before it is kept."
        }
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
