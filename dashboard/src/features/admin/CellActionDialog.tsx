import { actOnCellsSchema } from "@automna/contract/admin-cells";
import type { CellActionType } from "@automna/core/operators/cell-action";
import { Dialog } from "radix-ui";
import { useState, type FormEvent } from "react";
import { useActOnCells } from "../../api/cells.ts";
import { Button } from "../../components/Button.tsx";
import { TextAreaField } from "../../components/Field.tsx";
import { ActionField } from "./ActionField.tsx";
import { cellActionWords } from "./cell-actions.ts";

interface CellActionDialogProps {
  type: CellActionType;
  /** What it is done to. */
  subject: Readonly<Record<string, string>>;
  /** What it is done to, for people: "node n1". */
  what: string;
  look?: "primary" | "plain";
}

/** One action on a cell, a node, an agent or a wave: what follows from it, its fields, and the reason. */
export function CellActionDialog({ type, subject, what, look = "plain" }: CellActionDialogProps) {
  const { label, title, consequence, isDangerous = false } = cellActionWords[type];
  const [isOpen, setOpen] = useState(false);
  return (
    <Dialog.Root open={isOpen} onOpenChange={setOpen}>
      <Dialog.Trigger asChild>
        <Button size="small" look={isDangerous ? "danger" : look} aria-label={`${label}: ${what}`}>
          {label}
        </Button>
      </Dialog.Trigger>
      <Dialog.Portal>
        <Dialog.Overlay className="fixed inset-0 z-40 animate-fade bg-veil" />
        <Dialog.Content className="fixed left-1/2 top-1/2 z-50 grid max-h-[calc(100dvh-2rem)] w-[min(30rem,calc(100vw-2rem))] -translate-x-1/2 -translate-y-1/2 animate-fade gap-5 overflow-y-auto rounded-large border border-line bg-raised p-6 shadow-float">
          <div className="grid gap-2">
            <p className="text-13 text-ink-3">{what}</p>
            <Dialog.Title className="text-16 font-semibold">{title}</Dialog.Title>
            <Dialog.Description className="text-ink-2">{consequence}</Dialog.Description>
          </div>
          {/* Made anew with each opening, and with it the idempotency key. */}
          <CellActionForm type={type} subject={subject} onDone={() => setOpen(false)} />
        </Dialog.Content>
      </Dialog.Portal>
    </Dialog.Root>
  );
}

function CellActionForm({
  type,
  subject,
  onDone,
}: Pick<CellActionDialogProps, "type" | "subject"> & { onDone(): void }) {
  const { fields = [], toInput = () => ({}), confirm, isDangerous = false } = cellActionWords[type];
  const act = useActOnCells();
  const [key] = useState(() => crypto.randomUUID());
  const [values, setValues] = useState<Readonly<Record<string, string>>>(() =>
    Object.fromEntries(fields.map(({ name, initial }) => [name, initial])),
  );
  const [reason, setReason] = useState("");
  const [problem, setProblem] = useState<string>();

  function submit(event: FormEvent): void {
    event.preventDefault();
    const parsed = actOnCellsSchema.safeParse({ key, reason, action: { type, ...subject, ...toInput(values) } });
    setProblem(parsed.success ? undefined : wrongIn(parsed.error.issues));
    if (parsed.success && !act.isPending) act.mutate(parsed.data, { onSuccess: onDone });
  }

  return (
    <form noValidate data-testid="cell-action-form" className="grid gap-5" onSubmit={submit}>
      <div className={fields.length > 3 ? "grid gap-4 sm:grid-cols-2" : "grid gap-5"}>
        {fields.map((field) => (
          <div key={field.name} className={field.isText === true || field.choices ? "sm:col-span-full" : undefined}>
            <ActionField
              field={field}
              value={values[field.name] ?? ""}
              onChange={(value) => setValues({ ...values, [field.name]: value })}
            />
          </div>
        ))}
      </div>
      <TextAreaField
        label="Reason"
        hint="Stays in the audit, for good."
        maxLength={500}
        value={reason}
        onChange={(event) => setReason(event.target.value)}
      />
      {(problem ?? act.error?.message) === undefined ? null : (
        <p role="alert" className="text-13 text-failing">
          {problem ?? act.error?.message}
        </p>
      )}
      <div className="flex flex-wrap justify-end gap-2">
        <Dialog.Close asChild>
          <Button look="quiet">Cancel</Button>
        </Dialog.Close>
        <Button type="submit" look={isDangerous ? "danger" : "primary"} busy={act.isPending}>
          {confirm}
        </Button>
      </div>
    </form>
  );
}

/** The first thing that is wrong, with its field where the words don't name it. */
function wrongIn(issues: readonly { message: string; path: PropertyKey[] }[]): string {
  const [issue] = issues;
  if (issue === undefined) return "Something is missing.";
  const isOwn = !issue.message.startsWith("Invalid") && !issue.message.startsWith("Too ");
  const field = String(issue.path.at(-1) ?? "").replaceAll(/([A-Z])/g, " $1");
  return isOwn ? issue.message : `This is out of bounds or no number: ${field.toLowerCase()}.`;
}
