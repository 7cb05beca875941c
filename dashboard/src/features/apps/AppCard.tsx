import type { AppView } from "@automna/contract/apps";
import { ExternalLink } from "lucide-react";
import { useState } from "react";
import { useOpenApp, usePutApp } from "../../api/mutations.ts";
import { Button } from "../../components/Button.tsx";
import { CopyButton } from "../../components/CopyButton.tsx";
import { SegmentedControl, type Segment } from "../../components/SegmentedControl.tsx";
import { StateMark } from "../../components/StateMark.tsx";
import { appState, shownAddress, visibilityText } from "./app-texts.ts";
import { PasswordForm } from "./PasswordForm.tsx";

const visibilities: readonly Segment<AppView["visibility"]>[] = [
  { value: "public", label: "Public" },
  { value: "password", label: "Password" },
  { value: "private", label: "Private" },
];

/** One app: its address, whether it is there, and who may see it. */
export function AppCard({ agentId, app }: { agentId: string; app: AppView }) {
  const put = usePutApp(agentId);
  /** A first password has to be chosen before it can be asked for. */
  const [isChoosing, setChoosing] = useState(false);
  const state = appState(app);
  const shown = isChoosing ? "password" : app.visibility;
  const change = (visibility: AppView["visibility"]) => {
    const needsPassword = visibility === "password" && !app.hasPassword;
    setChoosing(needsPassword);
    if (!needsPassword) put.mutate({ name: app.name, body: { visibility } });
  };
  return (
    <li
      data-testid="app"
      data-app={app.name}
      data-visibility={app.visibility}
      data-on={app.isOn}
      className="grid min-w-0 grid-cols-1 gap-4 rounded-large border border-line bg-raised p-4 sm:p-5"
    >
      <div className="flex flex-wrap items-center justify-between gap-x-4 gap-y-2">
        <h2 className="min-w-0 truncate text-16 font-semibold">{app.name}</h2>
        <StateMark tone={state.tone} word={state.word} />
      </div>
      {state.detail === null ? null : <p className="text-ink-2">{state.detail}</p>}
      <Address agentId={agentId} app={app} />
      <div className="grid gap-2">
        <div className="flex flex-wrap items-center justify-between gap-3">
          <SegmentedControl
            label={`Who can open ${app.name}`}
            segments={visibilities.map((segment) => ({ ...segment, disabled: put.isPending }))}
            value={shown}
            onChange={change}
          />
          <Button
            size="small"
            look={app.isOn ? "quiet" : "plain"}
            busy={put.isPending}
            onClick={() => put.mutate({ name: app.name, body: { isOn: !app.isOn } })}
          >
            {app.isOn ? "Switch off" : "Switch on"}
          </Button>
        </div>
        <p className="text-13 text-ink-2">{visibilityText(shown)}</p>
        {put.isError && !isChoosing ? (
          <p role="alert" className="text-13 text-failing">
            {put.error.message}
          </p>
        ) : null}
      </div>
      {shown === "password" ? (
        <PasswordForm
          hasPassword={app.hasPassword}
          error={put.error?.message}
          busy={put.isPending}
          onSave={(password) =>
            put.mutate(
              { name: app.name, body: { visibility: "password", password } },
              { onSuccess: () => setChoosing(false) },
            )
          }
        />
      ) : null}
    </li>
  );
}

function Address({ agentId, app }: { agentId: string; app: AppView }) {
  const open = useOpenApp(agentId);
  const canOpen = app.isOn && app.kind === "static" && app.problem === null;
  return (
    <div className="grid gap-2">
      <div className="flex flex-wrap items-center justify-between gap-2 rounded-corner bg-surface px-3 py-2">
        <span data-testid="app-address" className="min-w-0 break-all font-mono text-13">
          {shownAddress(app.url)}
        </span>
        <span className="flex shrink-0 items-center gap-1">
          <CopyButton text={app.url} />
          <Button
            size="small"
            icon={<ExternalLink aria-hidden className="size-3.5" />}
            busy={open.isPending}
            disabled={!canOpen}
            onClick={() => void openInTab(() => open.mutateAsync(app.name))}
          >
            Open
          </Button>
        </span>
      </div>
      {open.isError ? (
        <p role="alert" className="text-13 text-failing">
          {open.error.message}
        </p>
      ) : null}
    </div>
  );
}

/** The tab has to be opened by the press itself; where it leads is known a moment later. It learns nothing of this page. */
async function openInTab(findUrl: () => Promise<string>): Promise<void> {
  const tab = window.open("about:blank", "_blank");
  if (tab !== null) tab.opener = null;
  try {
    (tab ?? window).location.replace(await findUrl());
  } catch {
    // What went wrong stands on the card.
    tab?.close();
  }
}
