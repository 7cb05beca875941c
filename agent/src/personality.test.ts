import { createHash } from "node:crypto";
import { describe, expect, test } from "vitest";
import type { GatewayClient } from "./gateway-client.ts";
import { applyPersonality, decideFile, isPersonalityNew, renderPersonality } from "./personality.ts";

const claim = {
  agentId: "agt_1",
  userId: "user_1",
  name: "Nova",
  personality: "Warm.",
  model: "a",
  utilityModel: "b",
  memoryMb: 1_024,
};
const hashOf = (text: string) => createHash("sha256").update(text).digest("hex");

/** A workspace that answers as OpenClaw does. */
function makeWorkspace(files: Record<string, string> = {}) {
  const writes: string[] = [];
  const client: GatewayClient = {
    close: () => undefined,
    async request(method, params) {
      const name = String(params["name"]);
      const current = files[name];
      if (method === "agents.files.get")
        return { file: current === undefined ? { missing: true } : { missing: false, hash: hashOf(current) } };
      expect(params["expectedHash"]).toBe(current === undefined ? undefined : hashOf(current));
      files[name] = String(params["content"]);
      writes.push(name);
      return { file: { hash: hashOf(files[name]) } };
    },
  };
  return { client, files, writes };
}

describe("who the agent is", () => {
  test("is written as the files OpenClaw reads", () => {
    const files = renderPersonality({ name: " Nova\n## Evil ", personality: "Warm and brief." });
    expect(files["IDENTITY.md"]).toContain("- **Name:** Nova ## Evil\n");
    expect(files["SOUL.md"]).toContain("You are Nova ## Evil, the personal assistant");
    expect(files["SOUL.md"]).toContain("Warm and brief.");
    expect(renderPersonality({ name: "Nova", personality: " " })["SOUL.md"]).toContain("Friendly, capable");
  });

  test("is written once", async () => {
    const workspace = makeWorkspace();
    const written = await applyPersonality(workspace.client, claim, {});
    expect(workspace.writes).toEqual(["IDENTITY.md", "SOUL.md"]);
    expect(isPersonalityNew(claim, written)).toBe(false);
    expect(await applyPersonality(workspace.client, claim, written)).toEqual(written);
    expect(workspace.writes).toHaveLength(2);
  });

  test("follows a change of the claim where nobody has edited the file since", async () => {
    const workspace = makeWorkspace();
    const written = await applyPersonality(workspace.client, claim, {});
    workspace.files["SOUL.md"] = "What we made of it together.";
    const next = { ...claim, name: "Sol", personality: "Dry." };
    expect(isPersonalityNew(next, written)).toBe(true);
    const rewritten = await applyPersonality(workspace.client, next, written);
    expect(workspace.files["IDENTITY.md"]).toContain("Sol");
    expect(workspace.files["SOUL.md"]).toBe("What we made of it together.");
    expect(isPersonalityNew(next, rewritten)).toBe(false);
  });

  test("never replaces a file of unknown origin", () => {
    expect(decideFile("wanted", undefined, "theirs")).toBe("keep");
    expect(decideFile("wanted", undefined, null)).toBe("write");
    expect(decideFile("wanted", "ours", "ours")).toBe("write");
    expect(decideFile("wanted", "wanted", null)).toBe("keep");
  });
});
