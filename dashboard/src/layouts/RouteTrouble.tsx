import { isAppError } from "@automna/core/shared/app-error";
import { Link, useRouter, type ErrorComponentProps } from "@tanstack/react-router";
import { buttonClass } from "../components/Button.tsx";
import { Logo } from "../components/Logo.tsx";
import { Trouble } from "../components/PageState.tsx";
import { useDocumentTitle } from "../components/use-document-title.ts";

/** A page whose data could not be had: cause, next step, never a dead end. */
export function RouteTrouble({ error }: ErrorComponentProps) {
  const router = useRouter();
  useDocumentTitle("Automna can't be reached");
  const known = isAppError(error);
  return (
    <main className="mx-auto grid min-h-dvh max-w-column content-center gap-6 px-5">
      <Logo />
      <Trouble title={known ? error.message : "This page could not be shown."} onRetry={() => void router.invalidate()}>
        {known
          ? "Your agent goes on working meanwhile."
          : "Reload it. If that does not help, the page itself has a fault."}
      </Trouble>
    </main>
  );
}

export function NotFoundPage() {
  useDocumentTitle("Not found · Automna");
  return (
    <main className="mx-auto grid min-h-dvh max-w-column content-center justify-items-start gap-6 px-5">
      <Logo />
      <div className="grid gap-2">
        <h1 className="text-28 font-semibold tracking-tight">There is nothing at this address.</h1>
        <p className="text-16 text-ink-2">The link may be old, or a letter is missing.</p>
      </div>
      <Link to="/" className={buttonClass("plain")}>
        To the start page
      </Link>
    </main>
  );
}
