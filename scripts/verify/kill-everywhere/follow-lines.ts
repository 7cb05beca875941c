import { closeSync, fstatSync, openSync, readSync } from "node:fs";

/** Returns all lines of a growing file; each is read once, and one that is not whole yet is left for later. */
export function followLines<Line>(path: string, parse: (text: string) => Line): () => readonly Line[] {
  const lines: Line[] = [];
  let offset = 0;
  return () => {
    const file = openSync(path, "r");
    try {
      const { size } = fstatSync(file);
      const fresh = Buffer.alloc(size - offset);
      readSync(file, fresh, 0, fresh.length, offset);
      const end = fresh.lastIndexOf("\n") + 1;
      const whole = fresh.subarray(0, end).toString("utf8").split("\n");
      lines.push(...whole.filter((line) => line !== "").map(parse));
      offset += end;
    } finally {
      closeSync(file);
    }
    return lines;
  };
}
