import { Banner } from "../../components/Banner.tsx";
import { Button } from "../../components/Button.tsx";
import { useNow } from "../../components/use-now.ts";
import { useChatSession } from "../../gateway/chat-context.tsx";
import type { ConnectionState } from "../../gateway/connection-state.ts";
import type { ChatNotice } from "./chat-notice.ts";

/** A cut line: why, when the next try is, and a way to try now. */
export function ConnectionTrouble({ connection, notice }: { connection: ConnectionState; notice: ChatNotice }) {
  const session = useChatSession();
  const now = useNow(500);
  if (connection.kind === "refused" && notice.kind === "trouble") {
    return (
      <Banner
        tone="failing"
        title="This page can't talk to your agent."
        action={
          <Button size="small" onClick={() => location.reload()}>
            Reload
          </Button>
        }
      >
        {connection.reason}
      </Banner>
    );
  }
  if (notice.kind !== "offline") return null;
  const waitS = connection.kind === "offline" ? Math.ceil((connection.retryAtMs - now) / 1000) : 0;
  return (
    <Banner
      tone="waiting"
      title={navigator.onLine ? "The connection to your agent is cut." : "You are offline."}
      action={
        <Button size="small" onClick={() => session.retryConnection()}>
          Try now
        </Button>
      }
    >
      What you write is kept and sent once. {waitS > 0 ? `Next try in ${waitS} s.` : "Trying now."}
    </Banner>
  );
}
