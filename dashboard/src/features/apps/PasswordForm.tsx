import { appPasswordSchema } from "@automna/contract/apps";
import { useState } from "react";
import { Button } from "../../components/Button.tsx";
import { SecretField } from "../../components/SecretField.tsx";

interface PasswordFormProps {
  hasPassword: boolean;
  error: string | undefined;
  busy: boolean;
  onSave(password: string): void;
}

/** Chooses an app's password, or another one; the present one can't be shown. */
export function PasswordForm({ hasPassword, error, busy, onSave }: PasswordFormProps) {
  const [text, setText] = useState("");
  const [problem, setProblem] = useState<string>();
  const save = () => {
    const parsed = appPasswordSchema.safeParse(text);
    if (!parsed.success) return setProblem(parsed.error.issues[0]?.message ?? "Choose another password.");
    setProblem(undefined);
    onSave(parsed.data);
    setText("");
  };
  return (
    <form
      noValidate
      data-testid="app-password-form"
      className="flex max-w-[30rem] flex-wrap items-start gap-2"
      onSubmit={(event) => {
        event.preventDefault();
        save();
      }}
    >
      <div className="min-w-0 flex-1 basis-56">
        <SecretField
          label={hasPassword ? "New password" : "Password"}
          value={text}
          error={problem ?? error}
          hint={hasPassword ? "Everybody who is in now has to enter it anew." : "At least 8 characters."}
          onChange={(event) => {
            setText(event.target.value);
            setProblem(undefined);
          }}
        />
      </div>
      <Button type="submit" busy={busy} className="mt-[1.8rem]">
        {hasPassword ? "Change" : "Set password"}
      </Button>
    </form>
  );
}
