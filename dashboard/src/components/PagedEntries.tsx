import type { UseInfiniteQueryResult } from "@tanstack/react-query";
import type { ReactNode } from "react";
import { Button } from "./Button.tsx";
import { Skeleton, Trouble } from "./PageState.tsx";

interface PagedEntriesProps<Entry> {
  query: UseInfiniteQueryResult<{ pages: { entries: Entry[] }[] }>;
  loading: string;
  empty: string;
  /** Stands beside the button for older entries. */
  action?: ReactNode;
  children: (entries: Entry[]) => ReactNode;
}

/** A list that comes in pages, newest first: while it loads, when it is empty, what went wrong, and the button for older entries. */
export function PagedEntries<Entry>({ query, loading, empty, action = null, children }: PagedEntriesProps<Entry>) {
  if (query.isPending) return <Skeleton label={loading} />;
  const entries = query.data?.pages.flatMap((page) => page.entries) ?? [];
  const trouble = query.isError ? (
    <Trouble
      title={query.error.message}
      onRetry={() => void (query.isFetchNextPageError ? query.fetchNextPage() : query.refetch())}
      busy={query.isFetching}
    />
  ) : null;
  if (entries.length === 0) return trouble ?? <p className="text-ink-3">{empty}</p>;
  return (
    <div className="grid gap-4">
      {children(entries)}
      {trouble}
      <div className="flex flex-wrap gap-2">
        {query.hasNextPage ? (
          <Button size="small" busy={query.isFetchingNextPage} onClick={() => void query.fetchNextPage()}>
            Show older
          </Button>
        ) : null}
        {action}
      </div>
    </div>
  );
}
