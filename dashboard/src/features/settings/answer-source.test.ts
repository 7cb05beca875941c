import { expect, test } from "vitest";
import { lacksKey } from "../../agents/model-source.ts";
import { canChooseModel, removalConsequence, savingHint } from "./answer-source.ts";

const key = { provider: "anthropic", last4: "abcd", validatedAtMs: 0 } as const;
const onKey = { name: "Nova", modelSource: "byok", desired: "running" } as const;
const onDemo = { name: "Nova", modelSource: "demo", desired: "stopped" } as const;

test("the choice is there as long as the agent is to exist", () => {
  expect([undefined, null, onKey, onDemo, { ...onKey, desired: "deleted" } as const].map(canChooseModel)).toEqual([
    false,
    false,
    true,
    true,
    false,
  ]);
});

test("only an agent that answers with a key misses one", () => {
  expect([lacksKey(onKey, null), lacksKey(onKey, key), lacksKey(onDemo, null)]).toEqual([true, false, false]);
});

test("says before a key goes who can't answer without it", () => {
  expect(removalConsequence(onKey)).toContain("Nova can't answer until");
  expect(removalConsequence(onDemo)).toContain("Nova goes on with the demo model.");
  expect(removalConsequence({ ...onDemo, modelSource: "credits" })).toContain("Nova goes on with your credits.");
  expect(removalConsequence(null)).toBe("Automna forgets it at once.");
});

test("says before a first key is saved that the agent moves to it, and who bills", () => {
  expect(savingHint(onDemo, false)).toMatch(/Nova answers with it.*Anthropic bills/);
  for (const hint of [savingHint(onDemo, true), savingHint(onKey, false), savingHint(null, false)])
    expect(hint).not.toContain("bills");
});
