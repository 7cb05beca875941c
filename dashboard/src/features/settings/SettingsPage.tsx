import { useQuery } from "@tanstack/react-query";
import { useNavigate } from "@tanstack/react-router";
import { Keyboard, LogOut, Monitor, Moon, Sun } from "lucide-react";
import { useAgent } from "../../agents/use-agent.ts";
import { usePlatform } from "../../api/api-context.tsx";
import { useChooseModel, useSignOut } from "../../api/mutations.ts";
import { meQuery } from "../../api/queries.ts";
import { Button } from "../../components/Button.tsx";
import { PageFrame, Section } from "../../components/PageFrame.tsx";
import { Skeleton, Trouble } from "../../components/PageState.tsx";
import { SegmentedControl, type Segment } from "../../components/SegmentedControl.tsx";
import { useDocumentTitle } from "../../components/use-document-title.ts";
import { openShortcuts } from "../../layouts/palette-store.ts";
import { setThemeMode, useThemeMode, type ThemeMode } from "../../theme/theme-mode.ts";
import { AccountDeletion } from "./AccountDeletion.tsx";
import { AnswerSource } from "./AnswerSource.tsx";
import { ApiKeySettings } from "./ApiKeySettings.tsx";
import { canChooseModel } from "./answer-source.ts";
import { KeySettings } from "./KeySettings.tsx";

const themes: readonly Segment<ThemeMode>[] = [
  { value: "system", label: "System", icon: <Monitor aria-hidden className="size-3.5" /> },
  { value: "light", label: "Light", icon: <Sun aria-hidden className="size-3.5" /> },
  { value: "dark", label: "Dark", icon: <Moon aria-hidden className="size-3.5" /> },
];

export function SettingsPage() {
  const { api } = usePlatform();
  const me = useQuery(meQuery(api));
  const theme = useThemeMode();
  const agent = useAgent();
  const choosing = useChooseModel();
  const signOut = useSignOut();
  const navigate = useNavigate();
  useDocumentTitle("Settings · Automna");

  return (
    <PageFrame title="Settings">
      {canChooseModel(agent) && me.data ? (
        <Section
          title="Answers come from"
          description={`What ${agent.name} thinks with. A change counts at once, without a restart.`}
        >
          <AnswerSource agent={agent} storedKey={me.data.key} choosing={choosing} />
        </Section>
      ) : null}
      <Section
        title="Anthropic API key"
        description="For answers from Claude. It is sealed when it arrives; only its last 4 characters can be shown."
      >
        {me.data ? (
          <KeySettings storedKey={me.data.key} agent={canChooseModel(agent) ? agent : null} choosing={choosing} />
        ) : me.isError ? (
          <Trouble title={me.error.message} onRetry={() => void me.refetch()} busy={me.isFetching} />
        ) : (
          <Skeleton label="Loading the key" lines={2} />
        )}
      </Section>
      <ApiKeySettings />
      <Section title="Appearance">
        <div>
          <SegmentedControl label="Theme" segments={themes} value={theme} onChange={setThemeMode} />
        </div>
      </Section>
      <Section title="Keyboard">
        <div>
          <Button icon={<Keyboard aria-hidden className="size-4" />} onClick={openShortcuts}>
            Show shortcuts
          </Button>
        </div>
      </Section>
      <Section title="Account" description={me.data ? `Signed in as ${me.data.user.email}.` : undefined}>
        <div className="grid justify-items-start gap-2">
          <Button
            icon={<LogOut aria-hidden className="size-4" />}
            busy={signOut.isPending}
            onClick={() =>
              void signOut.mutateAsync().then(
                () => navigate({ to: "/" }),
                () => undefined,
              )
            }
          >
            Sign out
          </Button>
          {signOut.isError ? (
            <p role="alert" className="text-13 text-failing">
              {signOut.error.message}
            </p>
          ) : null}
        </div>
      </Section>
      <Section title="Delete account" description="Ends your plan now and erases everything after 30 days.">
        <AccountDeletion />
      </Section>
    </PageFrame>
  );
}
