import { existsSync, globSync } from "node:fs";
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

/** Workspaces with TypeScript, heavier ones first so that they don't come last alone. */
function listProjects(): string[] {
  const manifests = globSync(["*/package.json", "packages/*/package.json"], { cwd: inCheckout(".") });
  const folders = manifests.map((path) => path.replace(/\/package\.json$/, ""));
  return folders.filter((folder) => existsSync(inCheckout(`${folder}/tsconfig.json`))).toSorted();
}

function bin(name: string, ...args: string[]): [string, ...string[]] {
  return [inCheckout(`node_modules/.bin/${name}`), ...args];
}
