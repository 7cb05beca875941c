import type { NodeView, SweepReportView } from "@automna/contract/admin-cells";
import { expect, test } from "vitest";
import { formatSoak } from "./cell-actions.ts";
import {
  drainWords,
  formatMb,
  gateWords,
  nodeState,
  reservedPercent,
  sweepSummary,
  warmPoolWords,
} from "./cell-texts.ts";

const node: NodeView = {
  id: "n1",
  cellId: "cell",
  name: "n1",
  address: "10.0.0.1",
  ownerId: null,
  cordon: null,
  drainingSinceMs: null,
  lostSinceMs: null,
  seenAtMs: 0,
  memoryMb: 32_768,
  swapMb: 65_536,
  awakeLimit: null,
  load: { reservedMb: 8_192, awake: 8, slots: 20, ports: 100, portsLeft: 80 },
  warm: { ready: 0, making: 0, retiring: 0 },
  gate: { booting: 0, waiting: 0, waitingPeople: 0 },
  failures: 0,
  drain: null,
};
const drain: NonNullable<NodeView["drain"]> = {
  id: "drn_1",
  state: "running",
  concurrency: 2,
  total: 10,
  left: 7,
  moving: 2,
  stuck: 1,
  createdAtMs: 0,
  endedAtMs: null,
};

test("a node says the worst of itself first", () => {
  const cordon = { reason: "keeps_failing", sinceMs: 0 } as const;
  expect(nodeState(node)).toEqual({ tone: "ready", word: "Ready", detail: null });
  expect(nodeState({ ...node, failures: 1 }).detail).toBe("1 slot failed to run there lately.");
  expect(nodeState({ ...node, swapMb: 0 }).detail).toBe("It has no swap: agents that doze keep all their memory.");
  expect(nodeState({ ...node, cordon }).detail).toBe("No new agents, because agents keep failing there.");
  const draining = { ...node, cordon, drain, drainingSinceMs: 1 };
  expect(nodeState(draining)).toMatchObject({ word: "Draining" });
  expect(nodeState({ ...draining, lostSinceMs: 1 })).toMatchObject({ tone: "failing", word: "Lost" });
});

test("a drain says how far it is, and what keeps it", () => {
  expect(drainWords(drain)).toBe("3 of 10 moved, 2 on their way, 1 stuck: no room elsewhere, or not well");
  expect(drainWords({ ...drain, left: 0, moving: 0, stuck: 0 })).toBe("10 of 10 moved");
});

test("memory and time have their units", () => {
  expect([formatMb(900), formatMb(32_768)]).toEqual(["900 MB", "32.0 GB"]);
  expect([reservedPercent(node), reservedPercent({ ...node, memoryMb: null })]).toEqual([25, null]);
  expect([0, 90_000, 3_600_000].map(formatSoak)).toEqual(["none", "2 min", "1 h"]);
});

test("a warm pool says what it is to hold, what it holds, and whether it goes on", () => {
  const pool = { pausedSinceMs: null, wishes: [{ tier: "starter", perNode: 2 }] };
  const held = [
    { ready: 2, making: 0, retiring: 0 },
    { ready: 1, making: 1, retiring: 0 },
  ];
  expect(warmPoolWords(pool, held)).toEqual({
    tone: "ready",
    word: "On",
    detail: "Each node is to hold 2 starter, 3 ready, 1 on the way.",
  });
  expect(warmPoolWords({ ...pool, pausedSinceMs: 1 }, held)).toMatchObject({ tone: "waiting", word: "Paused" });
  expect(warmPoolWords({ ...pool, wishes: [] }, held)).toMatchObject({ tone: "asleep", word: "Off" });
});

test("a start gate says who waits at it, and nothing while nobody does", () => {
  expect(gateWords(node.gate)).toBeNull();
  expect(gateWords({ booting: 2, waiting: 3, waitingPeople: 1 })).toBe(
    "2 booting, 3 waiting for their turn (1 for people)",
  );
});

test("a report is one line", () => {
  const report: SweepReportView = {
    id: "swp_1",
    cellId: "cell",
    isDryRun: false,
    requestedBy: null,
    requestedAtMs: 0,
    firstAtMs: 0,
    lastAtMs: 1,
    turns: 3,
    seen: 1,
    problem: null,
    findings: [],
  };
  expect(sweepSummary(report)).toBe("All in order, 1 slot seen, 3 times the same.");
  expect(sweepSummary({ ...report, lastAtMs: null })).toBe("Waits for the next sweep.");
  expect(sweepSummary({ ...report, problem: "node_unreachable" })).toContain("node_unreachable");
});
