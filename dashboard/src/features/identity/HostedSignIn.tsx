import type { IdentityInfo } from "@automna/contract/identity";
import { useQuery } from "@tanstack/react-query";
import { useEffect, useRef } from "react";
import { loadClerk, type ClerkBrowser } from "../../api/clerk-browser.ts";
import { Skeleton, Trouble } from "../../components/PageState.tsx";

interface HostedSignInProps {
  identity: IdentityInfo;
  entrance: "sign-in" | "sign-up";
  next: string;
}

/** Clerk's own form, from the installation's frontend. It keeps the session cookie and leads on by itself. */
export function HostedSignIn({ identity, entrance, next }: HostedSignInProps) {
  const { clerkPublishableKey: publishableKey, clerkFrontendUrl: frontendUrl } = identity;
  const clerk = useQuery({
    queryKey: ["clerk", frontendUrl],
    queryFn: () => loadClerk({ publishableKey: publishableKey ?? "", frontendUrl: frontendUrl ?? "" }),
    staleTime: Infinity,
    // Its client is an object with a life of its own, which must stay the same one.
    structuralSharing: false,
  });
  if (clerk.isError)
    return (
      <Trouble title={clerk.error.message} onRetry={() => void clerk.refetch()} busy={clerk.isFetching}>
        A content blocker or the network may be in the way.
      </Trouble>
    );
  if (clerk.data === undefined) return <Skeleton label="Loading the sign-in form" />;
  return <ClerkForm clerk={clerk.data} entrance={entrance} next={next} />;
}

function ClerkForm({ clerk, entrance, next }: { clerk: ClerkBrowser } & Pick<HostedSignInProps, "entrance" | "next">) {
  const place = useRef<HTMLDivElement>(null);
  useEffect(() => {
    const node = place.current;
    if (node === null) return undefined;
    // Whoever is signed in already goes on.
    if (clerk.user) {
      location.replace(next);
      return undefined;
    }
    const props = { routing: "hash", signInUrl: "/sign-in", signUpUrl: "/sign-up", forceRedirectUrl: next } as const;
    if (entrance === "sign-in") clerk.mountSignIn(node, props);
    else clerk.mountSignUp(node, props);
    return () => (entrance === "sign-in" ? clerk.unmountSignIn(node) : clerk.unmountSignUp(node));
  }, [clerk, entrance, next]);
  return <div ref={place} data-testid="hosted-sign-in" />;
}
