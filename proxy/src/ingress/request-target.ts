import { AGENTD_APPS_PREFIX, agentdPaths } from "@automna/contract/agentd";
import { appError } from "@automna/contract/error-catalogue";
import { AGENT_PREFIX, AGENTD_CONTROL_PREFIX } from "@automna/contract/paths";
import { isUserId } from "@automna/core/shared/ids";

/** What a request asks for: read once, then used by everyone who authorises, routes and forwards (S14). */
export interface RequestTarget {
  userId: string;
  /** Path and query as sent, without the prefix; starts with `/`. */
  rest: string;
  /** The path part of `rest`. */
  path: string;
}

const TARGET_MAX_LENGTH = 8_192;
/** RFC 3986 `pchar` and `/` in the path; in the query also what browsers leave unescaped there. */
const TARGET = /^\/a\/([^/?]{1,80})((?:\/[\w\-.~!$&'()*+,;=:@%]*)*)(\?[\w\-.~!$&'()*+,;=:@%/?[\]{}|^`]*)?$/;
/** Empty segments, and segments that someone behind us could resolve: `.`, `..`, all also with parameters (`..;x`, `;x`). */
const AMBIGUOUS_SEGMENT = /\/\/|\/;|\/\.{1,2}(?:[/;]|$)/;
/** A lone `%`, and escapes of `.`, `/`, `\`, `%` (decoded twice it is any of them) and of control characters. */
const AMBIGUOUS_ESCAPE = /%(?![0-9a-f]{2})|%(?:2[ef5]|5c|[01][0-9a-f]|7f)/i;
/** Other parts of the platform's own ways into a slot. */
const FOREIGN_PREFIXES = [AGENTD_CONTROL_PREFIX.slice(0, -1), AGENTD_APPS_PREFIX.slice(0, -1)];
/** As a server reads it that knows no case, parameters or last slashes. */
const HEALTH = new RegExp(`^${agentdPaths.health}(?:$|[/;?])`, "i");

/** Reads a raw request target strictly. Throws `bad_path`, or `not_found` for what no customer may reach. */
export function parseRequestTarget(raw: string): RequestTarget {
  const match = raw.length <= TARGET_MAX_LENGTH ? TARGET.exec(raw) : null;
  if (match === null) throw appError("bad_path");
  const [, userId = "", sentPath = "", query = ""] = match;
  const path = sentPath === "" ? "/" : sentPath;
  if (!isUserId(userId)) throw appError("bad_path");
  const plain = readPath(path);
  const folded = plain.toLowerCase();
  if (FOREIGN_PREFIXES.some((prefix) => folded.startsWith(prefix))) throw appError("not_found");
  // With a nonce the slot proves its identity; that answer is for the platform alone.
  if (HEALTH.test(plain) && (query !== "" || plain.includes("?"))) throw appError("not_found");
  return { userId, path, rest: sentPath === "" ? `/${query}` : raw.slice(AGENT_PREFIX.length + userId.length) };
}

/** A path of the characters of TARGET, decoded. Throws `bad_path` when servers could read it differently. */
export function readPath(path: string): string {
  if (AMBIGUOUS_SEGMENT.test(path)) throw appError("bad_path");
  return path.includes("%") ? decodePath(path) : path;
}

/** The path as the most helpful server would read it. Throws `bad_path` when servers could read it differently. */
function decodePath(path: string): string {
  if (AMBIGUOUS_ESCAPE.test(path)) throw appError("bad_path");
  const decoded = decodeUtf8(path);
  // Compatibility forms: U+FF0E is a dot, U+FF0F a slash and U+FF05 a percent sign for whoever normalises.
  const plain = decoded.normalize("NFKC");
  const hasNewSeparators = /[\\%]/.test(plain) || count(plain, "/") !== count(decoded, "/");
  if (hasNewSeparators || AMBIGUOUS_SEGMENT.test(plain) || /\p{Cc}/u.test(plain)) throw appError("bad_path");
  return plain;
}

/** Throws `bad_path` for bytes that are not UTF-8, overlong forms of `.` and `/` among them. */
function decodeUtf8(path: string): string {
  try {
    return decodeURIComponent(path);
  } catch (cause) {
    throw appError("bad_path", { cause });
  }
}

function count(text: string, character: string): number {
  return text.split(character).length;
}
