import type { UseQueryResult } from "@tanstack/react-query";
import type { ReactNode } from "react";
import { Skeleton, Trouble } from "../../components/PageState.tsx";

interface LoadedProps<Data> {
  query: UseQueryResult<Data>;
  /** What is on its way, for who can't see the grey lines. */
  label: string;
  children(data: Data): ReactNode;
}

/** What was asked for, or that it is on its way, or why it is not there. What is shown stays while it is looked at anew. */
export function Loaded<Data>({ query, label, children }: LoadedProps<Data>) {
  if (query.data !== undefined)
    return (
      <>
        {query.error !== null ? (
          <Trouble title="This may be out of date." onRetry={() => void query.refetch()} busy={query.isFetching}>
            {query.error.message}
          </Trouble>
        ) : null}
        {children(query.data)}
      </>
    );
  if (query.isPending) return <Skeleton label={label} lines={6} />;
  return (
    <Trouble
      title={query.error?.message ?? "This could not be had."}
      onRetry={() => void query.refetch()}
      busy={query.isFetching}
    />
  );
}
