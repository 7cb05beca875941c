import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";

/** A secret, and the spellings in which it would be found. */
export interface Needle {
  name: string;
  spellings: readonly string[];
}

/** Shorter values would be found by accident. */
const LEAST_LENGTH = 12;
/** Public by nature: who checks signatures has them. */
const PUBLIC = /^clerk-jwt-key$|(?<!-key)\.pem$/;

export function toNeedle(name: string, value: string): Needle {
  const text = value.trim();
  const password = URL.canParse(text) ? new URL(text).password : "";
  const lines = text.split("\n").filter((line) => !line.startsWith("-----"));
  const plain = [text, ...lines, password, ...keysOf(text)];
  const encoded = plain.flatMap((each) => [
    Buffer.from(each).toString("base64").replace(/=+$/, ""),
    Buffer.from(each).toString("hex"),
  ]);
  return { name, spellings: [...new Set([...plain, ...encoded])].filter((each) => each.length >= LEAST_LENGTH) };
}

/** The keys of a key ring, without their names. */
function keysOf(text: string): string[] {
  if (!text.startsWith("{")) return [];
  const { keys } = JSON.parse(text) as { keys?: Record<string, string> };
  return Object.values(keys ?? {});
}

/** Every secret value below a folder, whole, line by line, a connection's password alone; each also as base64 and hex. */
export function readNeedles(folder: string): Needle[] {
  const files = readdirSync(folder, { withFileTypes: true, recursive: true }).filter((entry) => entry.isFile());
  return files
    .filter(({ name }) => !PUBLIC.test(name))
    .map(({ name, parentPath }) => toNeedle(name, readFileSync(join(parentPath, name), "utf8")))
    .filter(({ spellings }) => spellings.length > 0);
}

/** `place: name` of each needle that is in a text, by the text's place. */
export function findNeedles(seen: ReadonlyMap<string, string>, needles: readonly Needle[]): string[] {
  return [...seen].flatMap(([place, text]) =>
    needles
      .filter(({ spellings }) =>
        spellings.some((each) => text.includes(each) || text.includes(JSON.stringify(each).slice(1, -1))),
      )
      .map(({ name }) => `${place}: ${name}`),
  );
}

/** The same for bytes that are no text. */
export function toBytesNeedle(name: string, bytes: Uint8Array): Needle {
  const buffer = Buffer.from(bytes);
  const encodings = ["base64", "base64url", "hex"] as const;
  return { name, spellings: encodings.map((encoding) => buffer.toString(encoding).replace(/=+$/, "")) };
}
