import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";

const root = join(import.meta.dirname, "..");
const read = (path: string) => readFileSync(join(root, path), "utf8");

/** The last cell of each row: `file › title of the test`, or an attempt of a scenario by its name. */
function claims(): { file: string; title: string }[] {
  return read("docs/threat-model.md")
    .split("\n")
    .map((line) => /\| (\S+\.test\.ts|scripts\/verify\/\S+\.ts) › (.+?) \|$/.exec(line))
    .filter((match) => match !== null)
    .map(([, file = "", title = ""]) => ({ file, title }));
}

test("the threat model names a test for each of its claims", () => {
  const rows = read("docs/threat-model.md")
    .split("\n")
    .filter((line) => line.startsWith("| ") && !line.startsWith("| claim"));
  expect(claims()).toHaveLength(rows.length);
  expect(rows.length).toBeGreaterThan(30);
});

test.each(claims())("$file has a test «$title»", ({ file, title }) => {
  expect(existsSync(join(root, file)), file).toBe(true);
  expect(read(file)).toContain(`"${title}"`);
});

test("every decision stands in the list of decisions", () => {
  const listed = [...read("docs/adr/README.md").matchAll(/\((\d{4}-[\w-]+\.md)\)/g)].map(([, name = ""]) => name);
  expect(listed.length).toBeGreaterThan(0);
  for (const name of listed) expect(existsSync(join(root, "docs/adr", name)), name).toBe(true);
});
