import { createHash } from "node:crypto";
import type { ClaimRequest } from "@automna/contract/agentd";
import { z } from "zod";
import type { GatewayClient } from "./gateway-client.ts";

/** The agent's own id inside its gateway: OpenClaw's default, the only one there. */
export const MAIN_AGENT = "main";

/** Files of the workspace that carry who the agent is, by name. */
export type PersonalityFiles = Record<"IDENTITY.md" | "SOUL.md", string>;
/** SHA-256 (hex) of what agentd last wrote to each; OpenClaw's `hash` of a file is the same. */
export type WrittenHashes = Partial<Record<keyof PersonalityFiles, string>>;

/** What the claim makes of the agent, as OpenClaw's workspace files. Pure. */
export function renderPersonality({ name, personality }: Pick<ClaimRequest, "name" | "personality">): PersonalityFiles {
  const oneLine = name.replaceAll(/\s+/g, " ").trim();
  return {
    "IDENTITY.md": `# IDENTITY.md - Who I am\n\n- **Name:** ${oneLine}\n`,
    "SOUL.md": [
      "# SOUL.md - Who you are",
      "",
      `You are ${oneLine}, the personal assistant of the person who talks to you.`,
      "",
      "## Personality",
      "",
      personality.trim() === "" ? "Friendly, capable and to the point." : personality.trim(),
      "",
      "## Boundaries",
      "",
      "- What you learn about your person stays between you and them.",
      "- Ask before anything that others will see or that can't be undone.",
      "- Say so when you don't know or could not do something.",
      "",
      "_This file is yours to evolve. Tell your person when you change it._",
      "",
    ].join("\n"),
  };
}

export type FileDecision = "write" | "keep";

/**
 * Whether agentd may write a file: only over nothing, or over its own unchanged text. What the agent or its person
 * made of the file since is theirs, and stays.
 */
export function decideFile(wanted: string, written: string | undefined, current: string | null): FileDecision {
  if (written === wanted) return "keep";
  return current === null || current === written ? "write" : "keep";
}

/** Whether the claim asks for anything that agentd has not brought into the workspace yet. Pure. */
export function isPersonalityNew(claim: ClaimRequest, written: WrittenHashes): boolean {
  return personalityEntries(claim).some(([name, content]) => written[name] !== hashOf(content));
}

const fileAnswerSchema = z.object({ file: z.object({ missing: z.boolean().optional(), hash: z.string().optional() }) });

/**
 * Brings the claim's name and personality into the workspace; returns what to remember for the next time. Written
 * before the first chat, it also keeps OpenClaw from its own first-run ritual, which asks the person for a name.
 */
export async function applyPersonality(
  client: GatewayClient,
  claim: ClaimRequest,
  written: WrittenHashes,
): Promise<WrittenHashes> {
  const result: WrittenHashes = { ...written };
  for (const [name, content] of personalityEntries(claim)) {
    const wanted = hashOf(content);
    if (written[name] === wanted) continue;
    const { file } = fileAnswerSchema.parse(await client.request("agents.files.get", { agentId: MAIN_AGENT, name }));
    const current = file.missing === true ? null : (file.hash ?? null);
    if (decideFile(wanted, written[name], current) === "write") {
      const expected = current === null ? {} : { expectedHash: current };
      await client.request("agents.files.set", { agentId: MAIN_AGENT, name, content, ...expected });
    }
    result[name] = wanted;
  }
  return result;
}

function personalityEntries(claim: ClaimRequest): [keyof PersonalityFiles, string][] {
  return Object.entries(renderPersonality(claim)) as [keyof PersonalityFiles, string][];
}

function hashOf(content: string): string {
  return createHash("sha256").update(content).digest("hex");
}
