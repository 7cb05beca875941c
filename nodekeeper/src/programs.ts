import { execFile } from "node:child_process";

/** Programs of administrators, which a plain PATH leaves out. */
const PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";
const OUTPUT_MAX_BYTES = 16 * 1024 * 1024;
const TIMEOUT_MS = 10 * 60_000;
const TOLD_CHARACTERS = 600;

export interface RunOptions {
  signal?: AbortSignal;
  /** What is written to the program's input. */
  input?: string;
}

/** A program that ended otherwise than with 0. */
export class ProgramError extends Error {
  /** Null: killed, or it could not be started. */
  readonly exitCode: number | null;

  constructor(program: string, exitCode: number | null, output: string, cause: unknown) {
    super(`${program} ended with ${exitCode ?? "no code"}: ${output.trim().slice(-TOLD_CHARACTERS)}`, { cause });
    this.name = "ProgramError";
    this.exitCode = exitCode;
  }
}

/** Runs a program (an argument list, no shell) and answers what it printed. Throws ProgramError unless it ended with 0. */
export function run(program: string, args: readonly string[], { signal, input }: RunOptions = {}): Promise<string> {
  return new Promise((resolve, reject) => {
    const child = execFile(
      program,
      args,
      {
        encoding: "utf8",
        env: { PATH, LC_ALL: "C" },
        maxBuffer: OUTPUT_MAX_BYTES,
        timeout: TIMEOUT_MS,
        killSignal: "SIGKILL",
        ...(signal === undefined ? {} : { signal }),
      },
      (error, stdout, stderr) => {
        if (error === null) return resolve(stdout);
        const code = typeof error.code === "number" ? error.code : null;
        return reject(new ProgramError(program, code, `${stderr}\n${stdout}`, error));
      },
    );
    // A program that ended before it read everything says so by its code.
    child.stdin?.on("error", () => undefined);
    child.stdin?.end(input ?? "");
  });
}
