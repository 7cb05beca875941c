import type { ApiKeyList, ApiKeyView, CreatedApiKey } from "@automna/contract/api-keys";
import { useQuery } from "@tanstack/react-query";
import { Plus } from "lucide-react";
import { useState } from "react";
import { apiKeysQuery, useRevokeApiKey } from "../../api/api-keys.ts";
import { usePlatform } from "../../api/api-context.tsx";
import { Button } from "../../components/Button.tsx";
import { ConfirmDialog } from "../../components/ConfirmDialog.tsx";
import { Section } from "../../components/PageFrame.tsx";
import { Skeleton, Trouble } from "../../components/PageState.tsx";
import { RelativeTime } from "../../components/RelativeTime.tsx";
import { useNow } from "../../components/use-now.ts";
import { ApiKeyForm } from "./ApiKeyForm.tsx";
import { expirySentence, scopesSentence } from "./api-key-texts.ts";
import { NewApiKey } from "./NewApiKey.tsx";

/** Keys for the customer's own programs: made here, shown once, ended here. */
export function ApiKeySettings() {
  const { api } = usePlatform();
  const keys = useQuery(apiKeysQuery(api));
  return (
    <Section title="API keys" description="For programs of your own: a key does what you choose here and nothing more.">
      {keys.data ? (
        <Keys list={keys.data} />
      ) : keys.isError ? (
        <Trouble title={keys.error.message} onRetry={() => void keys.refetch()} busy={keys.isFetching} />
      ) : (
        <Skeleton label="Loading the API keys" lines={2} />
      )}
    </Section>
  );
}

function Keys({ list: { canUse, keys } }: { list: ApiKeyList }) {
  const [isMaking, setMaking] = useState(false);
  const [made, setMade] = useState<CreatedApiKey | null>(null);
  return (
    <div className="grid min-w-0 grid-cols-1 gap-4">
      {canUse ? null : (
        <p data-testid="no-api-access" className="text-ink-2">
          {keys.length === 0
            ? "Your plan has no API access. Business and Max have."
            : "Your plan has no API access any more: these keys are refused until it has."}
        </p>
      )}
      {made === null ? null : <NewApiKey made={made} onDone={() => setMade(null)} />}
      {keys.length === 0 && canUse && !isMaking ? <p className="text-ink-3">You have no API keys.</p> : null}
      {keys.length === 0 ? null : (
        <ul data-testid="api-keys" className="grid gap-2">
          {keys.map((key) => (
            <KeyRow key={key.id} apiKey={key} />
          ))}
        </ul>
      )}
      {isMaking ? (
        <ApiKeyForm
          onClose={() => setMaking(false)}
          onMade={(created) => {
            setMaking(false);
            setMade(created);
          }}
        />
      ) : canUse && made === null ? (
        <div>
          <Button icon={<Plus aria-hidden className="size-4" />} onClick={() => setMaking(true)}>
            New API key
          </Button>
        </div>
      ) : null}
    </div>
  );
}

function KeyRow({ apiKey }: { apiKey: ApiKeyView }) {
  const revoke = useRevokeApiKey();
  const now = useNow(60_000);
  return (
    <li className="flex flex-wrap items-center justify-between gap-x-6 gap-y-3 rounded-large border border-line bg-raised p-4">
      <div className="grid min-w-0 gap-0.5">
        <p className="truncate font-medium" title={apiKey.name}>
          {apiKey.name}
        </p>
        <p className="text-13 text-ink-2">{scopesSentence(apiKey.scopes)}</p>
        <p className="text-13 text-ink-3">
          {expirySentence(apiKey, now)} ·{" "}
          {apiKey.lastUsedAtMs === null ? (
            "Never used"
          ) : (
            <>
              Used <RelativeTime atMs={apiKey.lastUsedAtMs} ago />
            </>
          )}
        </p>
        {revoke.isError ? (
          <p role="alert" className="text-13 text-failing">
            {revoke.error.message}
          </p>
        ) : null}
      </div>
      <ConfirmDialog
        trigger={
          <Button size="small" look="quiet" aria-label={`Revoke ${apiKey.name}`}>
            Revoke
          </Button>
        }
        title={`Revoke “${apiKey.name}”?`}
        consequence="Programs that use it are cut off within 2 seconds. It can't be brought back."
        confirmLabel="Revoke key"
        busy={revoke.isPending}
        onConfirm={() => revoke.mutate(apiKey.id)}
      />
    </li>
  );
}
