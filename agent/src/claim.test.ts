import { describe, expect, test } from "vitest";
import { decideClaim } from "./claim.ts";

const claim = {
  agentId: "agt_1",
  userId: "user_1",
  name: "Nova",
  personality: "Warm.",
  model: "a",
  utilityModel: "b",
  memoryMb: 1_024,
};

describe("a claim", () => {
  test("is taken by a slot that nobody has", () => expect(decideClaim(null, claim)).toBe("first"));
  test("changes nothing when repeated", () => expect(decideClaim(claim, { ...claim })).toBe("same"));

  test.each([{ agentId: "agt_2" }, { userId: "user_2" }, { agentId: "agt_2", name: "Other" }])(
    "is refused to another agent or owner: %o",
    (change) => {
      expect(decideClaim(claim, { ...claim, ...change })).toBe("refused");
    },
  );

  test.each([{ name: "Sol" }, { personality: "Dry." }])("changes who the agent is without a restart: %o", (change) => {
    expect(decideClaim(claim, { ...claim, ...change })).toBe("personality");
  });

  test.each([{ model: "c" }, { utilityModel: "c" }, { memoryMb: 2_048 }, { model: "c", name: "Sol" }])(
    "restarts the gateway for what it reads at its start: %o",
    (change) => {
      expect(decideClaim(claim, { ...claim, ...change })).toBe("restart");
    },
  );
});
