import { inParallel } from "../tests/in-parallel.ts";
import { runProcess } from "../tests/run-process.ts";
import { checkCommands, type CheckPart } from "./parts.ts";

/** Each of these tools uses a processor or two by itself. */
const AT_ONCE = 2;

export interface CheckSummary {
  passed: number;
  /** Names of what failed. */
  failures: string[];
}

/** Runs the parts and prints what is wrong. */
export async function runChecks(parts: readonly CheckPart[]): Promise<CheckSummary> {
  const commands = parts.flatMap((part) => checkCommands[part]());
  const failed = await inParallel(commands, AT_ONCE, async ({ name, command }) => {
    const startedAt = performance.now();
    const { code, output } = await runProcess(command);
    const seconds = ((performance.now() - startedAt) / 1000).toFixed(1);
    console.log(`  ${code === 0 ? "✓" : "✗"} ${name} (${seconds} s)`);
    if (code !== 0) console.log(output.trimEnd());
    return code === 0 ? [] : [name];
  });
  const failures = failed.flat();
  return { passed: commands.length - failures.length, failures };
}
