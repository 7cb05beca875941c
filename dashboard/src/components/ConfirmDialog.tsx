import { AlertDialog } from "radix-ui";
import { useState, type ReactNode } from "react";
import { Button, buttonClass } from "./Button.tsx";
import { TextField } from "./Field.tsx";

interface ConfirmDialogProps {
  trigger: ReactNode;
  title: string;
  consequence: string;
  confirmLabel: string;
  /** What has to be typed before the button works. */
  typed?: { label: string; value: string };
  busy: boolean;
  onConfirm(): void;
}

/** Asks before something that can't be taken back. */
export function ConfirmDialog({
  trigger,
  title,
  consequence,
  confirmLabel,
  typed,
  busy,
  onConfirm,
}: ConfirmDialogProps) {
  const [text, setText] = useState("");
  const matches = typed === undefined || text.trim() === typed.value;
  return (
    <AlertDialog.Root onOpenChange={() => setText("")}>
      <AlertDialog.Trigger asChild>{trigger}</AlertDialog.Trigger>
      <AlertDialog.Portal>
        <AlertDialog.Overlay className="fixed inset-0 z-40 animate-fade bg-veil" />
        <AlertDialog.Content className="fixed left-1/2 top-1/2 z-50 grid w-[min(28rem,calc(100vw-2rem))] -translate-x-1/2 -translate-y-1/2 animate-fade gap-5 rounded-large border border-line bg-raised p-6 shadow-float">
          <div className="grid gap-2">
            <AlertDialog.Title className="text-16 font-semibold">{title}</AlertDialog.Title>
            <AlertDialog.Description className="text-ink-2">{consequence}</AlertDialog.Description>
          </div>
          <form
            className="grid gap-5"
            onSubmit={(event) => {
              event.preventDefault();
              if (matches && !busy) onConfirm();
            }}
          >
            {typed === undefined ? null : (
              <TextField
                label={typed.label}
                value={text}
                onChange={(event) => setText(event.target.value)}
                autoComplete="off"
                spellCheck={false}
              />
            )}
            <div className="flex flex-wrap justify-end gap-2">
              <AlertDialog.Cancel className={buttonClass("quiet")}>Cancel</AlertDialog.Cancel>
              <Button look="danger" type="submit" disabled={!matches} busy={busy}>
                {confirmLabel}
              </Button>
            </div>
          </form>
        </AlertDialog.Content>
      </AlertDialog.Portal>
    </AlertDialog.Root>
  );
}
