import type { CreditsView } from "@automna/contract/credits";
import { useQuery } from "@tanstack/react-query";
import { usePlatform } from "../../api/api-context.tsx";
import { creditsQuery } from "../../api/queries.ts";
import { Banner } from "../../components/Banner.tsx";
import { PageFrame, Section } from "../../components/PageFrame.tsx";
import { Skeleton, Trouble } from "../../components/PageState.tsx";
import { ProgressBar } from "../../components/ProgressBar.tsx";
import { useDocumentTitle } from "../../components/use-document-title.ts";
import { ModelUsageTable } from "./ModelUsageTable.tsx";
import { OverageSettings } from "./OverageSettings.tsx";
import { PriceList } from "./PriceList.tsx";
import { StatementTable } from "./StatementTable.tsx";
import { balanceDetails, balanceSentence, usageWarning } from "./usage-texts.ts";

export function UsagePage() {
  const { api } = usePlatform();
  const credits = useQuery(creditsQuery(api));
  useDocumentTitle("Usage · Automna");
  return (
    <PageFrame title="Usage">
      {credits.data ? (
        <Usage
          view={credits.data}
          isOld={credits.isError}
          onRetry={() => void credits.refetch()}
          busy={credits.isFetching}
        />
      ) : credits.isError ? (
        <Trouble title={credits.error.message} onRetry={() => void credits.refetch()} busy={credits.isFetching} />
      ) : (
        <Skeleton label="Loading your credits" />
      )}
    </PageFrame>
  );
}

interface UsageProps {
  view: CreditsView;
  /** The last look failed: what is shown is from before. */
  isOld: boolean;
  busy: boolean;
  onRetry(): void;
}

function Usage({ view, isOld, busy, onRetry }: UsageProps) {
  return (
    <>
      {isOld ? <Trouble title="These figures could not be brought up to date." onRetry={onRetry} busy={busy} /> : null}
      <Balance view={view} />
      <Section
        title="Statement"
        description="Everything behind the balance, newest first. Credits that are set aside still count as yours."
      >
        <StatementTable />
      </Section>
      <Section
        title="Model use"
        description="What your agent's model read and wrote in the last 30 days. Tokens are the provider's measure: about four letters each."
      >
        <ModelUsageTable />
      </Section>
      <Section
        title="Overage"
        description="What happens when the month's credits are used up. Without it, what costs credits is refused at 0."
      >
        <OverageSettings overage={view.overage} />
      </Section>
      <Section title="What things cost">
        <PriceList prices={view.prices} aiUsage={view.aiUsage} />
      </Section>
    </>
  );
}

function Balance({ view }: { view: CreditsView }) {
  const warning = usageWarning(view);
  return (
    <div className="grid gap-5">
      {warning ? (
        <Banner tone={warning.tone} title={warning.title}>
          {warning.text}
        </Banner>
      ) : null}
      <div className="grid gap-3">
        <p role="status" data-testid="balance" data-figures className="text-28 font-semibold tracking-tight">
          {balanceSentence(view)}
        </p>
        <ProgressBar
          label={`${view.usedPercent} % of your credits are used`}
          percent={view.usedPercent}
          halted={warning?.tone === "failing"}
        />
        <div data-figures className="grid gap-0.5 text-ink-2">
          {balanceDetails(view).map((sentence) => (
            <p key={sentence}>{sentence}</p>
          ))}
        </div>
      </div>
    </div>
  );
}
