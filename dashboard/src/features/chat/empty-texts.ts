import { unreachable } from "@automna/core/shared/unreachable";
import type { ChatNotice } from "./chat-notice.ts";

export interface EmptyTexts {
  title: string;
  text: string;
  offersStarters: boolean;
}

interface Situation {
  name: string;
  kind: ChatNotice["kind"];
  /** The history has been read, so "nothing" is known. */
  loaded: boolean;
  /** The agent came up for the first time just now. */
  justLive: boolean;
}

/** Words for a thread without messages; null while it is only a moment until there are some. */
export function emptyTexts({ name, kind, loaded, justLive }: Situation): EmptyTexts | null {
  if (justLive && (loaded || kind === "connecting" || kind === "syncing")) {
    return {
      title: "Your agent is live!",
      text: `${name} is up and listening. Say what you need, or start with one of these.`,
      offersStarters: true,
    };
  }
  if (loaded)
    return {
      title: `What should ${name} do first?`,
      text: "Write it below, or start with one of these.",
      offersStarters: true,
    };
  const kept = `Your conversation is kept and shown when ${name} is up.`;
  switch (kind) {
    case "warming":
      return {
        title: `${name} is starting`,
        text: "Usually 20 s. Write already: it is sent as soon as your agent is up.",
        offersStarters: true,
      };
    case "asleep":
      return { title: `${name} is asleep`, text: kept, offersStarters: false };
    case "trouble":
      return { title: `${name} can't answer right now`, text: kept, offersStarters: false };
    case "online":
    case "syncing":
    case "connecting":
    case "offline":
      return null;
    default:
      return unreachable(kind);
  }
}
