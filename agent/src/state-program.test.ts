import { expect, test } from "vitest";
import { overlay } from "./state-program.ts";

test("our settings are laid over what the agent keeps, and win", () => {
  const kept = {
    agents: { defaults: { model: { primary: "theirs" }, timeoutSeconds: 60 } },
    channels: { telegram: { enabled: true } },
  };
  const ours = { agents: { defaults: { model: { primary: "ours" } } } };
  expect(overlay(kept, ours)).toEqual({
    agents: { defaults: { model: { primary: "ours" }, timeoutSeconds: 60 } },
    channels: { telegram: { enabled: true } },
  });
});

test("lists are replaced, not mixed", () =>
  expect(overlay({ models: [1, 2, 3] }, { models: [4] })).toEqual({ models: [4] }));
test("something that is no object gives way", () => expect(overlay("broken", { a: 1 })).toEqual({ a: 1 }));
