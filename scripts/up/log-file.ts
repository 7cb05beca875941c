import { closeSync, fstatSync, openSync, renameSync, writeSync } from "node:fs";

const MAX_BYTES = 5 * 1024 * 1024;
const REMEMBERED_LINES = 30;

export interface LogFile {
  path: string;
  write(chunk: Buffer): void;
  /** The last lines, in words for a person. */
  tail(): string[];
  close(): void;
}

/** Appends to a file that is moved to `<path>.1` when it has grown to 5 MB, so that two of them is all there ever is. */
export function openLogFile(path: string, maxBytes = MAX_BYTES): LogFile {
  let file = openSync(path, "a", 0o600);
  let size = fstatSync(file).size;
  let remembered: string[] = [];

  const rotate = () => {
    closeSync(file);
    renameSync(path, `${path}.1`);
    file = openSync(path, "a", 0o600);
    size = 0;
  };

  return {
    path,
    write(chunk) {
      if (size + chunk.length > maxBytes && size > 0) rotate();
      // Synchronous: what a service said last must be in the file even if we are killed next.
      size += writeSync(file, chunk);
      const lines = chunk.toString("utf8").split("\n").filter(Boolean);
      remembered = [...remembered, ...lines].slice(-REMEMBERED_LINES);
    },
    tail: () => remembered.map(toWords),
    close: () => closeSync(file),
  };
}

/** Of the last lines the one that tells most: the last that speaks of an error, else the last. */
export function lastWords(lines: readonly string[]): string | undefined {
  return lines.findLast((line) => /error|fatal/i.test(line)) ?? lines.at(-1);
}

/** The message of a JSON log line, with its error; any other line as it is. */
export function toWords(line: string): string {
  try {
    const { msg, err } = JSON.parse(line) as { msg?: unknown; err?: { message?: unknown } };
    const parts = [msg, err?.message].filter((part) => typeof part === "string" && part !== "");
    return parts.length > 0 ? parts.join(": ") : line;
  } catch {
    return line;
  }
}
