import { slotIdSchema, snapshotNameSchema } from "@automna/contract/nodekeeper";
import { describe, expect, test } from "vitest";
import { keeperError, unreachable } from "./keeper-errors.ts";
import { pathOf } from "./nodekeeper-client.ts";
import { copyName } from "./slot-volumes.ts";

const node = { name: "node-1", keeperUrl: "https://10.0.0.5:7443" };
const slotId = "slt_00000000000000000000";
const body = (code: string, details = {}) => JSON.stringify({ error: { code, message: "words", details } });

describe("what a nodekeeper answers", () => {
  test("is the error that it threw, with its details and its name", () => {
    expect(keeperError(node, 409, body("slot_running", { slot: 1 }))).toMatchObject({
      code: "slot_running",
      kind: "conflict",
      details: { slot: 1, node: "node-1" },
    });
  });
  test.each([
    ["a route that it does not know", body("not_found")],
    ["a shape that it does not take", body("invalid_request")],
    ["a code of another release", body("something_new")],
    ["no error of ours", "<html>"],
    ["nothing", ""],
  ])("is another release's: %s", (_, text) => {
    expect(keeperError(node, 400, text)).toMatchObject({ code: "nodekeeper_outdated", details: { node: "node-1" } });
  });
});

describe("no answer", () => {
  test("is transient and names the node", () => {
    expect(unreachable(node, new Error("refused"), new AbortController().signal)).toMatchObject({
      code: "node_unreachable",
      kind: "transient",
    });
    expect(
      unreachable(node, new Error("x"), AbortSignal.abort(new DOMException("late", "TimeoutError"))),
    ).toMatchObject({ code: "node_unreachable" });
  });
  test("because the caller gave up stays the caller's reason", () => {
    const reason = new Error("lease lost");
    expect(unreachable(node, new Error("x"), AbortSignal.abort(reason))).toBe(reason);
  });
});

test("paths are the contract's, with the slot and the query in them", () => {
  expect(pathOf("restoreSnapshot", { slotId, snapshot: "one" })).toBe(`/v1/slots/${slotId}/snapshots/one/restore`);
  expect(pathOf("receive", { slotId, query: { from: slotId, copy: "c" } })).toBe(
    `/v1/slots/${slotId}/content?from=${slotId}&copy=c`,
  );
});

test("a copy is named after its source's content, in a form that nodekeeper takes", () => {
  const name = copyName(slotIdSchema.parse(slotId), { changedAtMs: 1_795_362_258_086 });
  expect(snapshotNameSchema.safeParse(name).success).toBe(true);
  expect(copyName(slotId, { changedAtMs: 1_795_362_258_087 })).not.toBe(name);
});
