import type { IdentityInfo } from "@automna/contract/identity";
import { useQuery } from "@tanstack/react-query";
import { useSearch } from "@tanstack/react-router";
import type { ComponentType } from "react";
import { usePlatform } from "../../api/api-context.tsx";
import { identityQuery } from "../../api/queries.ts";
import { Skeleton, Trouble } from "../../components/PageState.tsx";
import { useDocumentTitle } from "../../components/use-document-title.ts";
import { PublicHeader } from "../../layouts/PublicHeader.tsx";
import { HostedSignIn } from "./HostedSignIn.tsx";
import { LocalSignIn } from "./LocalSignIn.tsx";

/** What somebody came for. On one's own machine both are the same: the first sign-in makes the account. */
export type Entrance = "sign-in" | "sign-up";

/** One way in for each issuer; the api says which one this installation uses. */
const waysIn: Record<
  IdentityInfo["issuer"],
  ComponentType<{ identity: IdentityInfo; entrance: Entrance; next: string }>
> = {
  local: LocalSignIn,
  clerk: HostedSignIn,
};

const titles: Record<Entrance, string> = { "sign-in": "Sign in", "sign-up": "Sign up" };

export function SignInPage() {
  const { next } = useSearch({ from: "/sign-in" });
  return <EntrancePage entrance="sign-in" next={next ?? "/dashboard"} />;
}

export function SignUpPage() {
  return <EntrancePage entrance="sign-up" next="/dashboard" />;
}

function EntrancePage({ entrance, next }: { entrance: Entrance; next: string }) {
  const { api } = usePlatform();
  const identity = useQuery(identityQuery(api));
  useDocumentTitle(`${titles[entrance]} · Automna`);
  const WayIn = identity.data ? waysIn[identity.data.issuer] : null;
  return (
    <div className="flex min-h-dvh flex-col">
      <PublicHeader enter={false} />
      <main className="mx-auto w-full max-w-[24rem] flex-1 px-5 pb-24 pt-[12vh]">
        {identity.data && WayIn ? (
          <WayIn identity={identity.data} entrance={entrance} next={next} />
        ) : identity.isError ? (
          <Trouble title={identity.error.message} onRetry={() => void identity.refetch()} busy={identity.isFetching} />
        ) : (
          <Skeleton label="Loading the sign-in form" />
        )}
      </main>
    </div>
  );
}
