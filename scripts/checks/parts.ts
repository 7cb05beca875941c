import { globSync } from "node:fs";
import { inCheckout } from "../bootstrap/paths.mjs";

export interface CheckCommand {
  name: string;
  command: readonly [string, ...string[]];
}

export const CHECK_PARTS = ["types", "lint", "format", "architecture", "unused"] as const;
export type CheckPart = (typeof CHECK_PARTS)[number];

/** The commands of each part; all read only. */
export const checkCommands: Record<CheckPart, () => CheckCommand[]> = {
  types: () =>
    listProjects().map((folder) => ({ name: `types of ${folder}`, command: bin("tsc", "-p", inCheckout(folder)) })),
  lint: () => [{ name: "lint", command: bin("oxlint") }],
  format: () => [{ name: "format", command: bin("oxfmt", "--check", ".") }],
  architecture: () => [
    { name: "architecture", command: [process.execPath, inCheckout("scripts/check-architecture.ts")] },
  ],
  unused: () => [{ name: "unused code", command: bin("knip", "--no-progress") }],
};

/** Every folder that says how its TypeScript is checked. */
function listProjects(): string[] {
  const files = globSync(["*/tsconfig.json", "*/*/tsconfig.json"], { cwd: inCheckout("."), exclude: ["node_modules"] });
  return files.map((path) => path.replace(/\/tsconfig\.json$/, "")).toSorted();
}

function bin(name: string, ...args: string[]): [string, ...string[]] {
  return [inCheckout(`node_modules/.bin/${name}`), ...args];
}
