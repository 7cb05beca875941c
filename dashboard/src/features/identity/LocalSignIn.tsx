import { localSignInSchema, type IdentityInfo, type LocalSignIn as SignInValues } from "@automna/contract/identity";
import { isAppError } from "@automna/core/shared/app-error";
import { zodResolver } from "@hookform/resolvers/zod";
import { useNavigate } from "@tanstack/react-router";
import { useForm } from "react-hook-form";
import { useSignIn } from "../../api/mutations.ts";
import { Banner } from "../../components/Banner.tsx";
import { Button } from "../../components/Button.tsx";
import { TextField } from "../../components/Field.tsx";
import { StartLinkNeeded } from "./StartLinkNeeded.tsx";

/** Sign-in of the built-in issuer: no password, since only a browser with the start link gets here. */
export function LocalSignIn({ identity, next }: { identity: IdentityInfo; next: string }) {
  const navigate = useNavigate();
  const signIn = useSignIn();
  const form = useForm({ resolver: zodResolver(localSignInSchema), defaultValues: { email: "", name: "" } });
  const refused = isAppError(signIn.error, "browser_not_admitted");
  if (!identity.admitted || refused) return <StartLinkNeeded />;

  function submit(values: SignInValues): void {
    signIn.mutate(values, { onSuccess: () => void navigate({ to: next }) });
  }

  return (
    <form
      noValidate
      data-testid="sign-in-form"
      className="grid gap-6"
      onSubmit={(event) => void form.handleSubmit(submit)(event)}
    >
      <div className="grid gap-2">
        <h1 className="text-28 font-semibold tracking-tight">Sign in</h1>
        <p className="text-ink-2">
          Automna runs on this machine, so there is no password. Your address only tells accounts apart.
        </p>
      </div>
      {signIn.isError ? <Banner tone="failing" title={signIn.error.message} /> : null}
      <div className="grid gap-4">
        <TextField
          label="E-mail"
          type="email"
          autoComplete="email"
          autoFocus
          placeholder="you@example.com"
          error={form.formState.errors.email?.message}
          {...form.register("email")}
        />
        <TextField
          label="Name"
          optional
          autoComplete="name"
          error={form.formState.errors.name?.message}
          {...form.register("name")}
        />
      </div>
      <Button type="submit" look="primary" size="large" busy={signIn.isPending}>
        Sign in
      </Button>
    </form>
  );
}
