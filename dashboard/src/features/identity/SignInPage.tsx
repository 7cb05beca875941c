import type { IdentityInfo } from "@automna/contract/identity";
import { useQuery } from "@tanstack/react-query";
import type { ComponentType } from "react";
import { usePlatform } from "../../api/api-context.tsx";
import { identityQuery } from "../../api/queries.ts";
import { Skeleton, Trouble } from "../../components/PageState.tsx";
import { useDocumentTitle } from "../../components/use-document-title.ts";
import { PublicHeader } from "../../layouts/PublicHeader.tsx";
import { HostedSignIn } from "./HostedSignIn.tsx";
import { LocalSignIn } from "./LocalSignIn.tsx";

/** One way in for each issuer; the api says which one this installation uses. */
const waysIn: Record<IdentityInfo["issuer"], ComponentType<{ identity: IdentityInfo }>> = {
  local: LocalSignIn,
  clerk: HostedSignIn,
};

export function SignInPage() {
  const { api } = usePlatform();
  const identity = useQuery(identityQuery(api));
  useDocumentTitle("Sign in · Automna");
  const WayIn = identity.data ? waysIn[identity.data.issuer] : null;
  return (
    <div className="flex min-h-dvh flex-col">
      <PublicHeader enter={false} />
      <main className="mx-auto w-full max-w-[24rem] flex-1 px-5 pb-24 pt-[12vh]">
        {identity.data && WayIn ? (
          <WayIn identity={identity.data} />
        ) : identity.isError ? (
          <Trouble title={identity.error.message} onRetry={() => void identity.refetch()} busy={identity.isFetching} />
        ) : (
          <Skeleton label="Loading the sign-in form" />
        )}
      </main>
    </div>
  );
}
