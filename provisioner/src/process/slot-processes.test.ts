import { describe, expect, test } from "vitest";
import { parseProc, parsePs, type ProcessFacts } from "./process-table.ts";
import { chooseSlotProcesses, type Onlooker, type SlotMark } from "./slot-processes.ts";

const processWith = (over: Partial<ProcessFacts>): ProcessFacts => ({
  pid: 10,
  parentPid: 1,
  groupId: 10,
  sessionId: 10,
  uid: 500,
  birth: `boot/${over.pid ?? 10}`,
  rssBytes: 0,
  isStopped: false,
  ...over,
});
const onlooker = (environments: Record<number, string[]> = {}): Onlooker => ({
  pid: 2,
  uid: 500,
  environmentOf: (pid) => environments[pid] ?? null,
});
const shared: SlotMark = { slotId: "slt_a", stateDir: "/slots/a/state", users: null, leaderPid: null };
const separate: SlotMark = { ...shared, users: { agentd: 700, gateway: 701 } };
const pids = (processes: ProcessFacts[]) => processes.map(({ pid }) => pid).toSorted((a, b) => a - b);

describe("with one user for all", () => {
  test("finds agentd and gateway by their environment, and what they started", () => {
    const all = [
      processWith({ pid: 20 }),
      processWith({ pid: 21, sessionId: 21 }),
      processWith({ pid: 22, parentPid: 21 }),
      processWith({ pid: 23, sessionId: 21 }),
      processWith({ pid: 24 }),
    ];
    const seen = chooseSlotProcesses(
      all,
      shared,
      onlooker({
        20: ["AGENTD_SLOT_ID=slt_a"],
        21: ["OPENCLAW_STATE_DIR=/slots/a/state"],
        24: ["AGENTD_SLOT_ID=slt_b"],
      }),
    );
    expect(seen.leader?.pid).toBe(20);
    expect(pids(seen.members)).toEqual([20, 21, 22, 23]);
  });

  test("a gateway without its agentd is a member, not a leader", () => {
    const seen = chooseSlotProcesses(
      [processWith({ pid: 21 })],
      shared,
      onlooker({ 21: ["OPENCLAW_STATE_DIR=/slots/a/state"] }),
    );
    expect(seen.leader).toBeNull();
    expect(pids(seen.members)).toEqual([21]);
  });

  test("never counts the process that looks, nor what shares a session with somebody else's leader", () => {
    const all = [
      processWith({ pid: 2, sessionId: 2 }),
      processWith({ pid: 20, sessionId: 2 }),
      processWith({ pid: 30, sessionId: 2 }),
    ];
    const seen = chooseSlotProcesses(
      all,
      shared,
      onlooker({ 2: ["AGENTD_SLOT_ID=slt_a"], 20: ["AGENTD_SLOT_ID=slt_a"] }),
    );
    expect(pids(seen.members)).toEqual([20]);
  });
});

describe("with users of its own", () => {
  test("whatever runs as them is the slot's, and what others say of themselves counts for nothing", () => {
    const all = [
      processWith({ pid: 20, uid: 700 }),
      processWith({ pid: 21, uid: 701 }),
      processWith({ pid: 22, uid: 701 }),
      processWith({ pid: 30, uid: 900 }),
    ];
    const seen = chooseSlotProcesses(
      all,
      separate,
      onlooker({ 22: ["OPENCLAW_STATE_DIR=/slots/b/state"], 30: ["AGENTD_SLOT_ID=slt_a"] }),
    );
    expect(seen.leader?.pid).toBe(20);
    expect(pids(seen.members)).toEqual([20, 21, 22]);
  });

  test("an agentd of another slot that had the same port is not taken for this one's", () => {
    const seen = chooseSlotProcesses(
      [processWith({ pid: 20, uid: 700 })],
      separate,
      onlooker({ 20: ["AGENTD_SLOT_ID=slt_b"] }),
    );
    expect(seen).toEqual({ leader: null, members: [] });
  });
});

test("reads procfs also when the command's name holds spaces and brackets, and leaves zombies out", () => {
  const stat = (state: string) => `42 (a) b (c) ${state} 7 8 9 0 -1 4194304 0 0 0 0 0 0 0 0 20 0 11 0 123456 0 0`;
  const status = "Name:\tx\nUid:\t700\t700\t700\t700\nVmRSS:\t  2048 kB\n";
  expect(parseProc(stat("S"), status, "b")).toEqual({
    pid: 42,
    parentPid: 7,
    groupId: 8,
    sessionId: 9,
    uid: 700,
    birth: "b/123456",
    rssBytes: 2_097_152,
    isStopped: false,
  });
  expect(parseProc(stat("Z"), status, "b")).toBeNull();
});

test("reads ps where there is no procfs", () => {
  const output =
    "  123     1   123   501  20480 S    Sun Nov 22 17:37:00 2026    \n  124   123   123   501      0 Z    Sun Nov 22 17:37:01 2026\n";
  expect(parsePs(output)).toEqual([
    {
      pid: 123,
      parentPid: 1,
      groupId: 123,
      sessionId: 123,
      uid: 501,
      birth: "Sun Nov 22 17:37:00 2026",
      rssBytes: 20_971_520,
      isStopped: false,
    },
  ]);
});
