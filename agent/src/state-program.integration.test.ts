import { execFileSync } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";

let stateDir: string;
beforeEach(() => (stateDir = mkdtempSync(join(tmpdir(), "automna-state-test-"))));
afterEach(() => rmSync(stateDir, { recursive: true, force: true }));

const configure = (keepsAdditions: boolean) =>
  execFileSync(process.execPath, [join(import.meta.dirname, "state-program.ts")], {
    input: JSON.stringify({
      do: "configure",
      stateDir,
      owned: { gateway: { port: 1 } },
      overlaid: { agents: { defaults: { timeoutSeconds: 60 } } },
      appsFolder: "apps",
      skills: { "publish-app/SKILL.md": "ours" },
      keepsAdditions,
    }),
  });
const config = () => JSON.parse(readFileSync(join(stateDir, "openclaw.json"), "utf8")) as Record<string, unknown>;

test("in safe mode the owner's settings and skills are put aside, and come back untouched", () => {
  writeFileSync(join(stateDir, "openclaw.json"), JSON.stringify({ plugins: { entries: { broken: {} } } }));
  const own = join(stateDir, "skills/own/SKILL.md");
  mkdirSync(join(stateDir, "skills/own"), { recursive: true });
  writeFileSync(own, "mine");
  configure(true);
  expect([config()["plugins"], existsSync(own)]).toEqual([{ entries: { broken: {} } }, true]);

  // A crash in between is the same call again.
  for (let i = 0; i < 2; i += 1) {
    configure(false);
    expect([config()["plugins"], config()["gateway"], existsSync(own)]).toEqual([undefined, { port: 1 }, false]);
    expect(readFileSync(join(stateDir, "skills/publish-app/SKILL.md"), "utf8")).toBe("ours");
  }

  configure(true);
  expect(config()["plugins"]).toEqual({ entries: { broken: {} } });
  expect(readFileSync(own, "utf8")).toBe("mine");
});
