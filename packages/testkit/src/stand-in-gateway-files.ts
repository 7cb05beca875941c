import { createHash } from "node:crypto";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";

/** agents.files.get and .set of the stand-in gateway: hash is SHA-256 of the content, `expectedHash` guards a write. */
export function answerAgentFiles(
  folder: string,
  method: "agents.files.get" | "agents.files.set",
  params: Record<string, unknown>,
): unknown {
  const name = String(params["name"]);
  if (!/^[A-Z]+\.md$/.test(name)) throw new Error(`unsupported file "${name}"`);
  const path = join(folder, name);
  const current = existsSync(path) ? readFileSync(path, "utf8") : null;
  if (method === "agents.files.get")
    return {
      file:
        current === null ? { name, missing: true } : { name, missing: false, hash: hashOf(current), content: current },
    };
  const expected = params["expectedHash"];
  if (expected !== undefined && (current === null || hashOf(current) !== expected))
    throw new Error(`agent file "${name}" changed since it was read`);
  const content = String(params["content"]);
  writeFileSync(path, content);
  return { ok: true, file: { name, missing: false, hash: hashOf(content), content } };
}

function hashOf(content: string): string {
  return createHash("sha256").update(content).digest("hex");
}
