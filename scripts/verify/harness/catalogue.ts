import { readdirSync } from "node:fs";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import type { Scenario } from "./scenario.ts";

export const scenariosFolder = join(import.meta.dirname, "..");

/** Every scenario of the folder, one per file, in the order of their names. Throws for a file that exports none. */
export async function loadScenarios(folder = scenariosFolder): Promise<Scenario[]> {
  const files = readdirSync(folder, { withFileTypes: true })
    .filter((entry) => entry.isFile() && entry.name.endsWith(".ts") && !entry.name.includes(".test."))
    .map((entry) => entry.name)
    .toSorted();
  return Promise.all(files.map((file) => loadScenario(folder, file)));
}

async function loadScenario(folder: string, file: string): Promise<Scenario> {
  const module = (await import(pathToFileURL(join(folder, file)).href)) as { scenario?: Scenario };
  const { scenario } = module;
  if (scenario === undefined || `${scenario.name}.ts` !== file)
    throw new Error(`${file} must export a scenario of its own name`);
  return scenario;
}
