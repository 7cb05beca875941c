import { RUN_ID } from "@automna/contract/headers";
import { describe, expect, test } from "vitest";
import { makeRunBook } from "./run-book.ts";

function start() {
  const clock = { nowMs: 1_000 };
  let ids = 0;
  const book = makeRunBook({ now: () => clock.nowMs, newId: () => `own-${(ids += 1)}` });
  const agent = (runId: string, stream: string, phase?: string, sessionKey = "agent:main:main") =>
    book.hear("agent", { runId, stream, sessionKey, data: { phase } });
  return {
    clock,
    book,
    begin: (runId: string, sessionKey?: string) => agent(runId, "run_status", "preparing_workspace", sessionKey),
    end: (runId: string) => agent(runId, "lifecycle", "end"),
    name: () => book.mark().id.replace(/_[0-9a-z]+$/, ""),
  };
}

describe("a model call", () => {
  test("belongs to the run under way, and right after it still", () => {
    const { begin, end, name, clock } = start();
    begin("a");
    expect([name(), name()]).toEqual(["a", "a"]);
    end("a");
    expect(name()).toBe("a");
    clock.nowMs += 31_000;
    expect(name()).toBe("own-1");
  });

  test("goes to the run that waits for its first, so that none of several is missed", () => {
    const { begin, name } = start();
    begin("a");
    begin("b");
    expect([name(), name(), name()]).toEqual(["a", "b", "b"]);
  });

  test("outside any run makes one of its own, which lasts while calls follow each other", () => {
    const { name, clock } = start();
    expect([name(), name()]).toEqual(["own-1", "own-1"]);
    clock.nowMs += 31_000;
    expect(name()).toBe("own-2");
  });

  test("of a schedule says so", () => {
    const { begin, book } = start();
    begin("a", "agent:main:cron:job-1");
    expect(book.mark().kind).toBe("scheduled");
  });
});

test("a run ends once: by the agent's or the chat's word, and stragglers don't begin it again", () => {
  const { begin, book, clock, name } = start();
  begin("a");
  book.hear("chat", { runId: "a", state: "aborted" });
  begin("a");
  clock.nowMs += 31_000;
  expect(name()).toBe("own-1");
});

test("a name that comes again is another run, and one that is no name is made one", () => {
  const { begin, end, book, clock } = start();
  begin("x y/🙂");
  const first = book.mark().id;
  end("x y/🙂");
  expect(first).toMatch(RUN_ID);
  clock.nowMs += 60 * 60_000;
  for (let count = 0; count < 101; count += 1) {
    begin(`r${count}`);
    end(`r${count}`);
  }
  begin("x y/🙂");
  expect(book.mark().id).not.toBe(first);
});

test("a run whose end was not heard is forgotten after an hour; what is no event is passed over", () => {
  const { begin, name, clock, book } = start();
  begin("a");
  clock.nowMs += 60 * 60_000 + 1;
  for (const payload of [null, {}, { runId: 1 }, { runId: "b" }]) book.hear("agent", payload);
  expect(name()).toBe("own-1");
});
