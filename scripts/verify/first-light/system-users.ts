import { existsSync, readFileSync } from "node:fs";

const PASSWD = "/etc/passwd";

/** Names of this machine's users; none where there is no such file. */
export function listSystemUsers(): ReadonlySet<string> {
  if (!existsSync(PASSWD)) return new Set();
  return new Set(
    readFileSync(PASSWD, "utf8")
      .split("\n")
      .flatMap((line) => line.split(":")[0] || []),
  );
}

export function newSystemUsers(before: ReadonlySet<string>): string[] {
  return [...listSystemUsers()].filter((name) => !before.has(name));
}
