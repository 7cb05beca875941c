import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { usePlatform } from "../api/api-context.tsx";
import { identityQuery } from "../api/queries.ts";
import { buttonClass } from "../components/Button.tsx";
import { Logo } from "../components/Logo.tsx";

/** The first step for whoever looks at a public page: in, or on. */
export function EnterLink({
  size = "normal",
  look = "quiet",
}: {
  size?: "normal" | "large";
  look?: "quiet" | "primary";
}) {
  const { api } = usePlatform();
  const { data } = useQuery(identityQuery(api));
  const className = buttonClass(look, size, look === "primary" ? "min-w-40" : "-mr-3.5");
  return data?.signedIn === true ? (
    <Link to="/dashboard" className={className}>
      Open dashboard
    </Link>
  ) : (
    <Link to="/sign-in" className={className}>
      Sign in
    </Link>
  );
}

export function PublicHeader({ enter = true }: { enter?: boolean }) {
  return (
    <header className="mx-auto flex h-16 w-full max-w-6xl items-center justify-between px-5 sm:px-8">
      <Link to="/" aria-label="Automna, start page" className="rounded-corner">
        <Logo />
      </Link>
      {enter ? <EnterLink /> : null}
    </header>
  );
}
