import { EventEmitter } from "node:events";
import { expect, test } from "vitest";
import { makeCallLimits } from "./call-limits.ts";

const makeResponse = () => new EventEmitter();
const refusal = { type: "agent_too_busy" };

test("an agent may call so fast, and others go on; a second later it may again", () => {
  let nowMs = 0;
  const limits = makeCallLimits({ callsPerS: 1, callsAtOnce: 100 }, () => nowMs);
  for (let call = 0; call < 10; call += 1) limits.enter("agt_busy", makeResponse());
  expect(() => limits.enter("agt_busy", makeResponse())).toThrow(expect.objectContaining(refusal));
  limits.enter("agt_calm", makeResponse());
  nowMs = 1_000;
  limits.enter("agt_busy", makeResponse());
  expect(() => limits.enter("agt_busy", makeResponse())).toThrow(expect.objectContaining(refusal));
});

test("an agent may have so many calls under way; one that ends, or was left, makes room for one", () => {
  const limits = makeCallLimits({ callsPerS: 100, callsAtOnce: 2 }, () => 0);
  const [first] = [makeResponse(), makeResponse()].map((response) => {
    limits.enter("agt_busy", response);
    return response;
  });
  expect(() => limits.enter("agt_busy", makeResponse())).toThrow(expect.objectContaining(refusal));
  limits.enter("agt_calm", makeResponse());
  first?.emit("close");
  first?.emit("close");
  limits.enter("agt_busy", makeResponse());
  expect(() => limits.enter("agt_busy", makeResponse())).toThrow(expect.objectContaining(refusal));
});
