import { execFile, type ExecFileOptions } from "node:child_process";

const OUTPUT_MAX_BYTES = 64 * 1024 * 1024;

/** Runs a program to its end and answers what it printed. Throws with the end of its error output. */
export function command(argv: readonly [string, ...string[]], options: ExecFileOptions = {}): Promise<string> {
  const [program, ...args] = argv;
  return new Promise((resolve, reject) => {
    execFile(program, args, { ...options, encoding: "utf8", maxBuffer: OUTPUT_MAX_BYTES }, (error, stdout, stderr) => {
      if (error === null) return resolve(stdout);
      const reason = [tail(stdout), tail(stderr)].filter((text) => text !== "").join("\n") || error.message;
      return reject(new Error(`${argv.slice(0, 6).join(" ")}: ${reason}`, { cause: error }));
    });
  });
}

/** The same where a failure means that it was done before or is not there any more. */
export async function commandIfPossible(argv: readonly [string, ...string[]]): Promise<void> {
  await command(argv).catch(() => undefined);
}

const TAIL_LINES = 12;

function tail(text: string): string {
  return text.trim().split("\n").slice(-TAIL_LINES).join("\n");
}
