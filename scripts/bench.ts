import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { parseArgs } from "node:util";
import { replaceTable, toTable } from "@automna/bench/proxy/report";
import { benchProxy, fullRun, quickRun } from "@automna/bench/proxy/run";
import { inCheckout } from "./bootstrap/paths.mjs";

const MISUSE = 2;
const stops: (() => Promise<void>)[] = [];
for (const signal of ["SIGINT", "SIGTERM"] as const)
  process.on(signal, () => void stopAll().then(() => process.exit(1)));

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { quick: { type: "boolean", default: false } },
});
if (positionals.join() !== "proxy") {
  console.error("Which bench? There is one: npm run bench -- proxy");
  process.exit(MISUSE);
}
try {
  const figures = await benchProxy({
    ...(values.quick ? quickRun : fullRun),
    log: console.log,
    onStarted: (_name, stop) => stops.push(stop),
  });
  const table = toTable(figures);
  console.log(`\n${table}`);
  // A quick run is for a look; what stands in the repository was measured whole.
  if (!values.quick) write(table, figures);
} finally {
  await stopAll();
}
process.exit();

function write(table: string, figures: object): void {
  const page = inCheckout("docs/performance.md");
  writeFileSync(page, replaceTable(readFileSync(page, "utf8"), table));
  mkdirSync(inCheckout("bench/results"), { recursive: true });
  writeFileSync(inCheckout("bench/results/proxy.json"), `${JSON.stringify(figures, null, 2)}\n`);
}

async function stopAll(): Promise<void> {
  for (let stop = stops.pop(); stop !== undefined; stop = stops.pop()) await stop();
}
