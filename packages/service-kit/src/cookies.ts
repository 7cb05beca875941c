/** RFC 6265, 4.2: what trim() takes for white space beyond these is part of a name to a browser. */
const OUTER_SPACE = /^[ \t]+|[ \t]+$/g;

/** The value of one cookie, or null. Duplicate names answer null: which of two to trust is a guess (cookie tossing). */
export function readCookie(header: string | undefined, name: string): string | null {
  if (header === undefined) return null;
  let found: string | null = null;
  for (const part of header.split(";")) {
    const separator = part.indexOf("=");
    if (separator < 0 || part.slice(0, separator).replaceAll(OUTER_SPACE, "") !== name) continue;
    if (found !== null) return null;
    found = part.slice(separator + 1).replaceAll(OUTER_SPACE, "");
  }
  return found;
}
