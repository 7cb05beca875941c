import { Refusal } from "./refusal.ts";

export interface RequestTarget {
  /** As `/v1.41`, or empty. */
  version: string;
  /** Parts of the path behind the version. */
  segments: readonly string[];
  query: ReadonlyMap<string, string>;
}

const LENGTH_MAX = 4_096;
/** Nothing that any reader could take for a separator, an escape or a step upwards. */
const SEGMENT = /^[A-Za-z0-9_][A-Za-z0-9_.-]{0,127}$/;

/** Minor numbers of API versions 1.x. */
export interface VersionRange {
  oldest: number;
  newest: number;
}

/** Takes a request target apart, or refuses it: one strict reading, from which the forwarded target is written anew. */
export function parseRequestTarget(target: string, versions: VersionRange): RequestTarget {
  if (target.length > LENGTH_MAX) throw new Refusal("the address is too long");
  const [path = "", ...rest] = target.split("?");
  if (rest.length > 1) throw new Refusal("two question marks");
  const [root, ...segments] = path.split("/");
  if (root !== "") throw new Refusal("the address is no path");
  const version = isVersion(segments[0], versions) ? `/${segments.shift()}` : "";
  if (segments.length === 0) throw new Refusal("the address names nothing");
  for (const segment of segments) if (!SEGMENT.test(segment)) throw new Refusal("odd characters in the path");
  return { version, segments, query: parseQuery(rest[0] ?? "") };
}

/** The target as the engine gets it. */
export function formatRequestTarget({ version, segments, query }: RequestTarget): string {
  const text = new URLSearchParams([...query]).toString();
  return `${version}/${segments.join("/")}${text === "" ? "" : `?${text}`}`;
}

function isVersion(segment: string | undefined, { oldest, newest }: VersionRange): boolean {
  if (segment === undefined || !/^v\d/i.test(segment)) return false;
  const minor = Number(/^v1\.(\d{2})$/.exec(segment)?.[1]);
  if (minor >= oldest && minor <= newest) return true;
  throw new Refusal("a version of the API that the rules were not written for");
}

function parseQuery(text: string): Map<string, string> {
  const query = new Map<string, string>();
  for (const [name, value] of new URLSearchParams(text)) {
    // The engine takes the first of two, others the last.
    if (query.has(name)) throw new Refusal("a parameter twice");
    query.set(name, value);
  }
  return query;
}
