import type { ModelUsageView } from "@automna/contract/credits";
import { useQuery } from "@tanstack/react-query";
import { usePlatform } from "../../api/api-context.tsx";
import { modelUsageQuery } from "../../api/queries.ts";
import { Skeleton, Trouble } from "../../components/PageState.tsx";
import { formatCredits, formatTokens, formatUtcDay } from "./usage-texts.ts";

/** Messages, tokens and credits by day and model. */
export function ModelUsageTable() {
  const { api } = usePlatform();
  const usage = useQuery(modelUsageQuery(api));
  if (usage.isPending) return <Skeleton label="Loading the model's use" />;
  const trouble = usage.isError ? (
    <Trouble title={usage.error.message} onRetry={() => void usage.refetch()} busy={usage.isFetching} />
  ) : null;
  const entries = usage.data?.entries ?? [];
  if (entries.length === 0)
    return trouble ?? <p className="text-ink-3">Nothing yet: your agent's answers will be counted here.</p>;
  return (
    <div className="grid gap-4">
      {trouble}
      <Entries entries={entries} />
    </div>
  );
}

const head = "py-2 pr-4 text-right font-normal";
const cell = "py-2.5 pr-4 text-right whitespace-nowrap";

function Entries({ entries }: { entries: ModelUsageView["entries"] }) {
  return (
    <table data-testid="model-usage" className="w-full border-collapse text-left text-14">
      <thead className="border-b border-line-strong text-13 text-ink-3">
        <tr>
          <th scope="col" className="py-2 pr-4 font-normal">
            Model
          </th>
          <th scope="col" className={head}>
            Messages
          </th>
          <th scope="col" className={`${head} hidden sm:table-cell`}>
            Read
          </th>
          <th scope="col" className={`${head} hidden sm:table-cell`}>
            From cache
          </th>
          <th scope="col" className={head}>
            Written
          </th>
          <th scope="col" className="py-2 text-right font-normal">
            Credits
          </th>
        </tr>
      </thead>
      <tbody data-figures>
        {entries.map(({ day, model, runs, inputTokens, cacheTokens, outputTokens, credits }) => (
          <tr key={`${day} ${model}`} className="border-b border-line align-baseline">
            <td className="py-2.5 pr-4">
              <span className="break-all">{model}</span>
              <span className="block text-13 text-ink-3">{formatUtcDay(day)}</span>
            </td>
            <td className={cell}>{formatCredits(runs)}</td>
            <td className={`${cell} hidden text-ink-2 sm:table-cell`}>{formatTokens(inputTokens)}</td>
            <td className={`${cell} hidden text-ink-2 sm:table-cell`}>{formatTokens(cacheTokens)}</td>
            <td className={`${cell} text-ink-2`}>{formatTokens(outputTokens)}</td>
            <td className="py-2.5 text-right whitespace-nowrap">{formatCredits(credits)}</td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}
