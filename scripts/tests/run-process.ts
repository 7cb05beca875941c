import { spawn, type ChildProcess } from "node:child_process";
import { constants } from "node:os";

export interface ProcessResult {
  code: number;
  /** What it printed and nobody was shown. */
  output: string;
}

export interface ProcessOptions {
  env?: NodeJS.ProcessEnv;
  /** What is shown as it comes, instead of collected. */
  shown?: "all" | "stderr" | "nothing";
}

/** Time for a test run to take down its databases and browsers before it is killed. */
const STOP_TIMEOUT_MS = 60_000;
const INTERRUPTED = 130;
const running = new Set<ChildProcess>();
let stopCode: number | undefined;

/** Runs a program in a process group of its own and waits for its end. Starts nothing once we were told to stop. */
export async function runProcess(
  [program, ...args]: readonly [string, ...string[]],
  { env = process.env, shown = "nothing" }: ProcessOptions = {},
): Promise<ProcessResult> {
  if (stopCode !== undefined) return { code: stopCode, output: "" };
  const stdout = shown === "all" ? "inherit" : "pipe";
  const stderr = shown === "nothing" ? "pipe" : "inherit";
  const child = spawn(program, args, { env, detached: true, stdio: ["ignore", stdout, stderr] });
  running.add(child);
  let text = "";
  const collect = (chunk: Buffer) => {
    text += chunk.toString("utf8");
  };
  child.stdout?.on("data", collect);
  child.stderr?.on("data", collect);
  return new Promise((resolve) => {
    child.once("error", (error) => resolve({ code: 127, output: error.message }));
    child.once("close", (code) => {
      running.delete(child);
      killGroup(child);
      resolve({ code: code ?? 1, output: text });
    });
  });
}

/** Makes Ctrl-C end what runs: politely first, by force after a minute. */
export function stopProcessesOnSignal(): void {
  const stop = (exitCode: number) => {
    const isAgain = stopCode !== undefined;
    stopCode = exitCode;
    if (!isAgain) console.error("\nStopping…");
    for (const child of running) child.kill("SIGTERM");
    setTimeout(() => [...running].forEach(killGroup), STOP_TIMEOUT_MS).unref();
  };
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) {
    process.on(signal, () => stop(128 + constants.signals[signal]));
  }
  // The bootstrap that started us was killed.
  process.on("disconnect", () => stop(INTERRUPTED));
}

/** The exit code that says who stopped us, once somebody did. */
export function stoppedWith(): number | undefined {
  return stopCode;
}

function killGroup(child: ChildProcess): void {
  if (child.pid === undefined) return;
  try {
    process.kill(-child.pid, "SIGKILL");
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "ESRCH") throw error;
  }
}
