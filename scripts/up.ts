// `npm run up`: everything on this machine, from one command, until Ctrl-C.
import { stageAgent } from "./up/agent-image.ts";
import { buildDashboard } from "./up/dashboard.ts";
import { parseUpOptions } from "./up/options.ts";
import { runUp } from "./up/run-up.ts";
import { servicesOf } from "./up/services.ts";

try {
  const options = parseUpOptions(process.argv.slice(2), process.env, process.getuid?.() === 0);
  process.exit(await runUp(options, { servicesOf, buildDashboard, stageAgent }));
} catch (error) {
  console.error(`\n${error instanceof Error ? error.message : String(error)}`);
  process.exit(1);
}
