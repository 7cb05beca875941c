import type { AgentView } from "@automna/contract/agents";
import { isReachable, isResting } from "../../agents/agent-state.ts";
import type { MarkTone } from "../../components/StateMark.tsx";
import type { ConnectionState } from "../../gateway/connection-state.ts";

/** The line that tells how the chat and the agent stand to each other. */
export interface ChatNotice {
  kind: "online" | "syncing" | "connecting" | "warming" | "asleep" | "trouble" | "offline";
  tone: MarkTone;
  word: string;
}

export function chatNotice(
  agent: Pick<AgentView, "phase" | "desired" | "progress" | "reason">,
  connection: ConnectionState,
  loaded: boolean,
): ChatNotice {
  if (connection.kind === "online") {
    return loaded
      ? { kind: "online", tone: "ready", word: "Online" }
      : { kind: "syncing", tone: "working", word: "Syncing" };
  }
  if (isResting(agent)) return { kind: "asleep", tone: "asleep", word: "Asleep" };
  if (agent.phase === "failing" || agent.phase === "failed")
    return { kind: "trouble", tone: "failing", word: "Unavailable" };
  if (agent.phase === "deleting") return { kind: "trouble", tone: "waiting", word: "Deleting" };
  // Connecting would be half the truth: the agent is asked for, and its machine is full.
  if (agent.phase === "moving") return { kind: "warming", tone: "working", word: "Moving to another machine" };
  if (agent.phase !== "ready" && agent.reason?.code === "waiting_for_room")
    return { kind: "warming", tone: "waiting", word: "Waiting for room to wake" };
  if (!isReachable(agent)) return { kind: "warming", tone: "working", word: agent.progress.label };
  // The first tries are part of connecting, not trouble; and a later one is no reason to call it over.
  if ((connection.kind === "offline" || connection.kind === "connecting") && connection.attempt > 2) {
    return { kind: "offline", tone: "waiting", word: "Reconnecting" };
  }
  if (connection.kind === "refused") return { kind: "trouble", tone: "failing", word: "Not connected" };
  return { kind: "connecting", tone: "working", word: "Connecting" };
}

/** What becomes of a message that is written now; null while it simply goes out. */
export function composerNotice(kind: ChatNotice["kind"]): string | null {
  switch (kind) {
    case "online":
    case "syncing":
      return null;
    case "asleep":
      return "Wakes when you write.";
    case "warming":
    case "connecting":
      return "What you write is sent as soon as your agent is up.";
    case "offline":
      return "What you write is sent when the connection is back.";
    case "trouble":
      return "What you write is kept and sent when your agent is back.";
  }
}
