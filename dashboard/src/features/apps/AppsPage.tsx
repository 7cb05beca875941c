import type { AgentView } from "@automna/contract/agents";
import type { AppList } from "@automna/contract/apps";
import { isAppError } from "@automna/core/shared/app-error";
import { useQuery } from "@tanstack/react-query";
import { useAgent } from "../../agents/use-agent.ts";
import { usePlatform } from "../../api/api-context.tsx";
import { appsQuery } from "../../api/queries.ts";
import { Banner } from "../../components/Banner.tsx";
import { PageFrame, Section } from "../../components/PageFrame.tsx";
import { Skeleton, Trouble } from "../../components/PageState.tsx";
import { useDocumentTitle } from "../../components/use-document-title.ts";
import { AppCard } from "./AppCard.tsx";
import { staleNotice } from "./app-texts.ts";
import { EmptyApps } from "./EmptyApps.tsx";
import { HandleForm } from "./HandleForm.tsx";

export function AppsPage() {
  const agent = useAgent();
  useDocumentTitle("Apps · Automna");
  return (
    <PageFrame title="Apps">{agent ? <AppsOf agent={agent} /> : <Skeleton label="Loading your apps" />}</PageFrame>
  );
}

function AppsOf({ agent }: { agent: AgentView }) {
  const { api } = usePlatform();
  const apps = useQuery(appsQuery(api, agent.id));
  if (apps.data)
    return (
      <Apps
        agent={agent}
        list={apps.data}
        isOld={apps.isError}
        busy={apps.isFetching}
        onRetry={() => void apps.refetch()}
      />
    );
  if (isAppError(apps.error, "apps_unavailable"))
    return <p className="text-ink-2">Apps are not published by this installation: it has no apps domain.</p>;
  if (apps.isError)
    return <Trouble title={apps.error.message} onRetry={() => void apps.refetch()} busy={apps.isFetching} />;
  return <Skeleton label="Loading your apps" />;
}

interface AppsProps {
  agent: AgentView;
  list: AppList;
  /** The last look failed: what is shown is from before. */
  isOld: boolean;
  busy: boolean;
  onRetry(): void;
}

function Apps({ agent, list, isOld, busy, onRetry }: AppsProps) {
  const notice = staleNotice(list, agent.phase);
  return (
    <>
      {isOld ? <Trouble title="This list could not be brought up to date." onRetry={onRetry} busy={busy} /> : null}
      {notice !== null && !isOld ? (
        <Banner tone="waiting" title={notice.title}>
          {notice.text}
        </Banner>
      ) : null}
      {list.apps.length === 0 ? (
        <EmptyApps agentName={agent.name} />
      ) : (
        <ul data-testid="app-list" className="grid gap-4">
          {list.apps.map((app) => (
            <AppCard key={app.name} agentId={agent.id} app={app} />
          ))}
        </ul>
      )}
      <Section
        title="Your name in addresses"
        description="The end of the first part of every address. Links under an old name stop working; the name itself stays yours."
      >
        <HandleForm key={list.handle} handle={list.handle} />
      </Section>
    </>
  );
}
