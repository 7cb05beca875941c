// `npm run check`: everything that can be said about the code without running it.
import { parseArgs } from "node:util";
import { CHECK_PARTS, type CheckPart } from "./checks/parts.ts";
import { runChecks } from "./checks/run-checks.ts";
import { readUsage } from "./bootstrap/commands.mjs";
import { stoppedWith, stopProcessesOnSignal } from "./tests/run-process.ts";

const { only } = parseArgs({ options: { only: { type: "string", multiple: true } } }).values;
const parts = CHECK_PARTS.filter((part) => only === undefined || only.includes(part));
const unknown = only?.filter((part) => !CHECK_PARTS.includes(part as CheckPart)) ?? [];
if (unknown.length > 0) {
  console.error(`There is no part "${unknown.join('", "')}".\n\n${readUsage("check")}`);
  process.exit(2);
}
stopProcessesOnSignal();
const { passed, failures } = await runChecks(parts);
if (stoppedWith() !== undefined) process.exit(stoppedWith());
console.log(`${passed} passed, ${failures.length} failed`);
process.exit(failures.length === 0 ? 0 : 1);
