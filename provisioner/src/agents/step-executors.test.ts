import { AppError } from "@automna/core/shared/app-error";
import { expect, test } from "vitest";
import { parseStatus } from "./agentd-client.ts";
import { isOurOutage, reasonForError } from "./failure-reason.ts";
import { stepExecutors } from "./step-executors.ts";

test("scenarios can read every step from the table", () => {
  const names = [
    "reserveSlot",
    "createSlot",
    "startSlot",
    "claimSlot",
    "stopSlot",
    "deleteSlot",
    "releaseSlot",
    "dozeSlot",
    "wakeSlot",
    "resizeSlot",
    "seekRoom",
    "reserveNextSlot",
    "copyVolume",
    "flipMove",
    "abandonMove",
    "dropSlot",
    "snapshotSlot",
    "endUpgrade",
    "failUpgrade",
    "restoreSlot",
    "dropSnapshot",
    "setPhase",
    "recordFailure",
    "setStage",
    "forgetFailures",
    "wait",
  ];
  expect(Object.keys(stepExecutors).toSorted()).toEqual(names.toSorted());
});

test("a failure says what it means for the agent by its code, and nobody reads messages", () => {
  expect(reasonForError(new AppError("no_room", "transient", "x"))).toBe("no_room");
  expect(reasonForError(new AppError("slot_claimed", "conflict", "x"))).toBe("claim_refused");
  expect(reasonForError(new AppError("slot_data_missing", "conflict", "x"))).toBe("slot_lost");
  expect(reasonForError(new AppError("stop_overdue", "transient", "x"))).toBe("stop_overdue");
  expect(reasonForError(new Error("no_room"))).toBe("step_failed");
});

test("only agentd of this very slot counts as an answer", () => {
  const status = {
    slotId: "slt_a",
    generation: 1,
    agentId: null,
    claimHash: null,
    gateway: { state: "unclaimed", sinceMs: 1, restarts: 0, lastExit: null, bootMs: null, pid: null },
  };
  expect(parseStatus(JSON.stringify(status), "slt_a")).toEqual({
    kind: "answering",
    agentId: null,
    claimHash: null,
    gateway: "unclaimed",
  });
  for (const text of [JSON.stringify({ ...status, slotId: "slt_b" }), "{}", "<html>", ""])
    expect(parseStatus(text, "slt_a")).toEqual({ kind: "silent" });
});

test("a database that is away is nobody's failure; an agentd that refuses is the agent's", () => {
  const prisma = Object.assign(new Error("x"), { name: "PrismaClientKnownRequestError" });
  expect(isOurOutage(Object.assign(prisma, { code: "P1001" }))).toBe(true);
  expect(isOurOutage(Object.assign(prisma, { code: "P2002" }))).toBe(false);
  expect(isOurOutage(Object.assign(new Error("x"), { code: "ECONNREFUSED" }))).toBe(false);
});
