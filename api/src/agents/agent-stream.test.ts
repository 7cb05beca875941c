import { EventEmitter } from "node:events";
import type { Database } from "@automna/records/database";
import { makeSilentLog } from "@automna/service-kit/log";
import type { Response } from "express";
import { expect, test } from "vitest";
import { makeAgentStream, parseEventId } from "./agent-stream.ts";

/** A response whose client reads nothing until `drain()`. */
class SlowResponse extends EventEmitter {
  written = "";
  isFull = true;
  writableEnded = false;
  get writableNeedDrain() {
    return this.isFull;
  }
  writeHead() {
    return this;
  }
  write(text: string) {
    this.written += text;
    return !this.isFull;
  }
  end() {
    this.writableEnded = true;
    this.emit("close");
  }
  drain() {
    this.isFull = false;
    this.emit("drain");
  }
}

/** Answers as the agent of the moment, whose name counts the looks. */
function countingDatabase() {
  const at = new Date(0);
  let looks = 0;
  let name = "first";
  const findUnique = async () => {
    looks += 1;
    return {
      id: "agt_1",
      userId: "user_1",
      name,
      personality: "",
      modelSource: "demo",
      tier: "local",
      desired: "running",
      phase: "ready",
      phaseSince: at,
      stage: "ready",
      stageSince: at,
      reason: null,
      attempts: 0,
      retryAt: null,
      createdAt: at,
    };
  };
  const db = { agent: { findUnique }, agentEvent: { findMany: async () => [] } } as unknown as Database;
  return { db, looks: () => looks, rename: (to: string) => void (name = to) };
}

test("a client that reads slowly costs one look, not one per change, and then gets the state of the moment", async () => {
  const { db, looks, rename } = countingDatabase();
  const response = new SlowResponse();
  const request = { headers: {}, method: "GET" };
  const stream = makeAgentStream(
    { db, now: () => 0 },
    { agentId: "agt_1", request, response: response as unknown as Response, log: makeSilentLog() },
  );
  stream.wake();
  await expect.poll(() => response.written).toContain('"name":"first"');
  for (let i = 0; i < 100; i += 1) {
    rename(`change ${i}`);
    stream.wake();
  }
  expect(looks()).toBe(1);
  response.drain();
  await expect.poll(() => response.written).toContain('"name":"change 99"');
  expect(looks()).toBe(2);
  expect(response.written).not.toContain("change 50");
  stream.close();
});

test("only an id that we could have given is resumed from", () => {
  expect(parseEventId("42")).toBe(42n);
  for (const text of [undefined, "", "-1", "1.5", "9".repeat(19), "x", ["1", "2"]])
    expect(parseEventId(text)).toBeNull();
});
