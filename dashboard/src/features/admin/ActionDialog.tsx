import { actOnCustomerSchema } from "@automna/contract/admin";
import { isMoney, type OperatorActionType } from "@automna/core/operators/operator-action";
import { Dialog } from "radix-ui";
import { useState, type FormEvent } from "react";
import { useActOnCustomer } from "../../api/admin.ts";
import { Button } from "../../components/Button.tsx";
import { TextAreaField } from "../../components/Field.tsx";
import { ActionField } from "./ActionField.tsx";
import { actionWords } from "./customer-actions.ts";

interface ActionDialogProps {
  type: OperatorActionType;
  userId: string;
  /** Whose affairs it is, for the second look. */
  customer: string;
  /** What is settled before it opens, e.g. which agent. */
  preset?: Readonly<Record<string, string>>;
  size?: "small" | "normal";
}

/** One action of an operator: its fields, the reason, and for money a second look before it happens. */
export function ActionDialog({ type, userId, customer, preset = {}, size = "small" }: ActionDialogProps) {
  const words = actionWords[type];
  const [isOpen, setOpen] = useState(false);
  return (
    <Dialog.Root open={isOpen} onOpenChange={setOpen}>
      <Dialog.Trigger asChild>
        <Button size={size} look={type === "suspend" ? "danger" : "plain"}>
          {words.label}
        </Button>
      </Dialog.Trigger>
      <Dialog.Portal>
        <Dialog.Overlay className="fixed inset-0 z-40 animate-fade bg-veil" />
        <Dialog.Content className="fixed left-1/2 top-1/2 z-50 grid max-h-[calc(100dvh-2rem)] w-[min(30rem,calc(100vw-2rem))] -translate-x-1/2 -translate-y-1/2 animate-fade gap-5 overflow-y-auto rounded-large border border-line bg-raised p-6 shadow-float">
          <div className="grid gap-2">
            <Dialog.Title className="text-16 font-semibold">{words.title}</Dialog.Title>
            <Dialog.Description className="text-ink-2">{words.consequence}</Dialog.Description>
          </div>
          {/* Made anew with each opening, and with it the idempotency key. */}
          <ActionForm {...{ type, userId, customer, preset }} onDone={() => setOpen(false)} />
        </Dialog.Content>
      </Dialog.Portal>
    </Dialog.Root>
  );
}

type ActionFormProps = Required<Pick<ActionDialogProps, "type" | "userId" | "customer" | "preset">> & {
  onDone(): void;
};

function ActionForm({ type, userId, customer, preset, onDone }: ActionFormProps) {
  const words = actionWords[type];
  const act = useActOnCustomer(userId);
  const [key] = useState(() => crypto.randomUUID());
  const [values, setValues] = useState<Readonly<Record<string, string>>>(() => ({
    ...Object.fromEntries(words.fields.map(({ name, initial }) => [name, initial])),
    ...preset,
  }));
  const [reason, setReason] = useState("");
  const [problem, setProblem] = useState<string>();
  const [isReviewing, setReviewing] = useState(false);

  function submit(event: FormEvent): void {
    event.preventDefault();
    const parsed = actOnCustomerSchema.safeParse({ key, reason, action: { type, ...words.toInput(values) } });
    setProblem(parsed.success ? undefined : wrongIn(parsed.error.issues));
    if (!parsed.success || act.isPending) return;
    if (isMoney(type) && !isReviewing) return setReviewing(true);
    act.mutate(parsed.data, { onSuccess: onDone });
  }

  return (
    <form noValidate data-testid="action-form" className="grid gap-5" onSubmit={submit}>
      {isReviewing ? (
        <div data-testid="action-review" className="grid gap-1 rounded-large border border-accent bg-accent-wash p-4">
          <p className="font-medium">{customer} gets:</p>
          <p>{words.sum(values)}</p>
          <p className="text-13 text-ink-2">Because: {reason}</p>
        </div>
      ) : (
        <>
          {words.fields.map((field) => (
            <ActionField
              key={field.name}
              field={field}
              value={values[field.name] ?? ""}
              onChange={(value) => setValues({ ...values, [field.name]: value })}
            />
          ))}
          <TextAreaField
            label="Reason"
            hint="Stays in the audit, for good."
            maxLength={500}
            value={reason}
            onChange={(event) => setReason(event.target.value)}
          />
        </>
      )}
      {(problem ?? act.error?.message) === undefined ? null : (
        <p role="alert" className="text-13 text-failing">
          {problem ?? act.error?.message}
        </p>
      )}
      <div className="flex flex-wrap justify-end gap-2">
        {isReviewing ? (
          <Button look="quiet" onClick={() => setReviewing(false)}>
            Back
          </Button>
        ) : (
          <Dialog.Close asChild>
            <Button look="quiet">Cancel</Button>
          </Dialog.Close>
        )}
        <Button type="submit" look={type === "suspend" ? "danger" : "primary"} busy={act.isPending}>
          {isMoney(type) && !isReviewing ? "Review" : words.confirm}
        </Button>
      </div>
    </form>
  );
}

/** The first thing that is wrong, with its field where the words don't name it. */
function wrongIn(issues: readonly { message: string; path: PropertyKey[] }[]): string {
  const [issue] = issues;
  const field = String(issue?.path.at(-1) ?? "");
  const name = { credits: "Credits", expiresInDays: "Days", days: "Days", hours: "Hours", amountCents: "Amount" }[
    field
  ];
  if (issue === undefined) return "Something is missing.";
  return name === undefined
    ? issue.message
    : `${name}: ${issue.message.startsWith("Invalid") ? "write a number." : issue.message}`;
}
