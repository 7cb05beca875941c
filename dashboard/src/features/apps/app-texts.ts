import type { AgentPhase } from "@automna/core/agents/agent-phase";
import type { AppVisibility } from "@automna/core/apps/app-settings";
import { appProblemText } from "@automna/core/apps/app-settings";
import type { AppList, AppView } from "@automna/contract/apps";
import type { MarkTone } from "../../components/StateMark.tsx";

export interface AppState {
  tone: MarkTone;
  word: string;
  /** Why, when it is not simply there. */
  detail: string | null;
}

/** What becomes of somebody who opens the app's address. */
export function appState(app: AppView): AppState {
  if (!app.isOn) return { tone: "asleep", word: "Off", detail: "Nobody can open it." };
  if (app.problem !== null) return { tone: "waiting", word: "Not shown", detail: appProblemText(app.problem) };
  return { tone: "ready", word: "Online", detail: null };
}

const visibilityTexts: Record<AppVisibility, string> = {
  public: "Anybody who knows the address can open it.",
  password: "Whoever knows the password can open it.",
  private: "Only you can open it, from here.",
};

export function visibilityText(visibility: AppVisibility): string {
  return visibilityTexts[visibility];
}

/** Without the scheme and the slash at the end: what one reads out. */
export function shownAddress(url: string): string {
  return url.replace(/^https?:\/\//, "").replace(/\/$/, "");
}

/** Said above a list that the agent could not confirm; null when it did. */
export function staleNotice(list: AppList, phase: AgentPhase): { title: string; text: string } | null {
  if (list.isCurrent) return null;
  const before = list.askedAtMs === null ? "" : " This is what it had published when it was last asked.";
  if (phase === "asleep" || phase === "stopping")
    return {
      title: "Your agent is asleep, and so are its apps.",
      text: `Start it to bring them back.${before}`,
    };
  return { title: "Your agent does not answer at the moment.", text: `Its apps are back when it is.${before}` };
}
