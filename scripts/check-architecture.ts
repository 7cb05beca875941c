// The arrows of .dependency-cruiser.cjs, and proof that the cruiser read the code: with a compiler that it does not know it
// passes while it has read nothing.
import { existsSync } from "node:fs";
import { inCheckout } from "./bootstrap/paths.mjs";
import { runProcess } from "./tests/run-process.ts";

const FOLDERS = [
  "packages",
  "prisma",
  "api",
  "provisioner",
  "nodekeeper",
  "proxy",
  "agent",
  "dashboard",
  "socket-proxy",
  "scripts",
  "bench",
];
/** Fewer modules than this, or than half of them with a dependency, means that the cruiser does not understand the code. */
const LEAST_MODULES = 250;

interface Cruise {
  modules: { source: string; dependencies: { module: string; couldNotResolve: boolean }[] }[];
  summary: { violations: { from: string; to: string; rule: { name: string } }[] };
}

const folders = FOLDERS.filter((folder) => existsSync(inCheckout(folder)));
const config = inCheckout(".dependency-cruiser.cjs");
const depcruise = inCheckout("node_modules/.bin/depcruise");
const { output } = await runProcess([depcruise, "--config", config, "--output-type", "json", ...folders]);
const { modules, summary } = JSON.parse(output) as Cruise;
const problems = [
  ...summary.violations.map(({ rule, from, to }) => `${rule.name}: ${from} → ${to}`),
  ...findBlindness(),
];

for (const problem of problems) console.error(problem);
console.log(`${modules.length} modules, ${problems.length} problems`);
process.exit(problems.length === 0 ? 0 : 1);

function findBlindness(): string[] {
  const connected = modules.filter(({ dependencies }) => dependencies.length > 0).length;
  const unresolved = modules.flatMap(({ source, dependencies }) =>
    dependencies
      .filter(({ module, couldNotResolve }) => couldNotResolve && module.startsWith("@automna/"))
      .map(({ module }) => `not found: ${module}, imported by ${source}`),
  );
  if (modules.length >= LEAST_MODULES && connected >= modules.length / 2) return unresolved;
  return [
    ...unresolved,
    `the cruiser saw only ${modules.length} modules, ${connected} of them with imports: is its TypeScript supported?`,
  ];
}
