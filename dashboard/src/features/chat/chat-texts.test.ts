import { deployProgress } from "@automna/core/agents/deploy-progress";
import type { AgentPhase } from "@automna/core/agents/agent-phase";
import { describe, expect, test } from "vitest";
import { chatNotice, composerNotice } from "./chat-notice.ts";
import { emptyTexts } from "./empty-texts.ts";
import { toolSummary } from "./tool-summary.ts";

const agent = (phase: AgentPhase, desired: "running" | "stopped" = "running") => ({
  phase,
  desired,
  reason: null,
  progress: { ...deployProgress("warming", 0), sinceMs: 0 },
});

describe("the connection line", () => {
  test("goes from warming over connecting and syncing to online", () => {
    expect(chatNotice(agent("starting"), { kind: "waiting" }, false)).toMatchObject({
      kind: "warming",
      word: "Warming up",
    });
    expect(chatNotice(agent("ready"), { kind: "connecting", attempt: 0 }, false).kind).toBe("connecting");
    expect(chatNotice(agent("ready"), { kind: "online" }, false).kind).toBe("syncing");
    expect(chatNotice(agent("ready"), { kind: "online" }, true).kind).toBe("online");
  });

  test("calls a cut line trouble only after a few tries, and does not flicker between them", () => {
    expect(chatNotice(agent("ready"), { kind: "offline", retryAtMs: 0, attempt: 1 }, true).kind).toBe("connecting");
    expect(chatNotice(agent("ready"), { kind: "offline", retryAtMs: 0, attempt: 3 }, true).kind).toBe("offline");
    expect(chatNotice(agent("ready"), { kind: "connecting", attempt: 3 }, true).kind).toBe("offline");
  });

  test("says that an agent waits for room, or moves to where there is some", () => {
    const reason = { code: "waiting_for_room", title: "", detail: "" } as const;
    const connecting = { kind: "connecting", attempt: 1 } as const;
    expect(chatNotice({ ...agent("dozing"), reason }, connecting, true).word).toBe("Waiting for room to wake");
    expect(chatNotice({ ...agent("moving"), reason: null }, connecting, true).word).toBe("Moving to another machine");
    expect(chatNotice({ ...agent("dozing"), reason: null }, connecting, true).word).toBe("Connecting");
  });

  test("tells a stopped agent from a failing one", () => {
    expect(chatNotice(agent("asleep", "stopped"), { kind: "waiting" }, true).kind).toBe("asleep");
    expect(chatNotice(agent("failing"), { kind: "waiting" }, true).kind).toBe("trouble");
  });
});

test("says what becomes of a message that can't go out yet", () => {
  expect(composerNotice("online")).toBeNull();
  expect(composerNotice("warming")).toContain("sent as soon as");
  expect(composerNotice("asleep")).toContain("Wakes");
});

test("greets a new agent, and shows a skeleton only while the history is a moment away", () => {
  const situation = { name: "Nova", loaded: false, justLive: false } as const;
  expect(emptyTexts({ ...situation, kind: "connecting", justLive: true })?.title).toBe("Your agent is live!");
  expect(emptyTexts({ ...situation, kind: "syncing" })).toBeNull();
  expect(emptyTexts({ ...situation, kind: "online", loaded: true })?.offersStarters).toBe(true);
  expect(emptyTexts({ ...situation, kind: "trouble" })?.offersStarters).toBe(false);
});

test("folds tool calls into one line", () => {
  expect(toolSummary(["read", "exec", "read"], false, false)).toBe("Used read 2 times, exec");
  expect(toolSummary(["exec"], true, false)).toBe("Using exec");
  expect(toolSummary(["exec"], false, true)).toBe("Used exec, with an error");
});
