const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const COLON = 0x3a;
const COMMA = 0x2c;
const OPEN_BRACE = 0x7b;
const CLOSE_BRACE = 0x7d;
const OPEN_BRACKET = 0x5b;
const CLOSE_BRACKET = 0x5d;
/** The longest name or value that is kept; what is longer is not what we look for. */
const MAX_BYTES = 8 * 1024;

export interface JsonFields {
  write: (chunk: Buffer) => void;
  /** Raw JSON of a field that is complete; undefined = not seen, or not to its end. */
  get: (name: string) => unknown;
}

/**
 * Picks fields of the outermost object out of JSON that comes in pieces, and keeps nothing else of it. A field of the same
 * name deeper down, in a tool's input for instance, is none of them.
 */
export function makeJsonFields(names: readonly string[]): JsonFields {
  const found = new Map<string, string>();
  let depth = 0;
  let isString = false;
  let isEscaped = false;
  /** Of the outermost object: a name is being read, or a value that is wanted; null = neither. */
  let kept: number[] | null = null;
  let name: string | null = null;
  let isValue = false;

  const endValue = () => {
    if (isValue && name !== null && kept !== null) found.set(name, Buffer.from(kept).toString("utf8"));
    kept = null;
    name = null;
    isValue = false;
  };
  const keep = (byte: number) => {
    if (kept === null) return;
    if (kept.length < MAX_BYTES) kept.push(byte);
    else kept = null;
  };
  const readString = (byte: number) => {
    keep(byte);
    if (isEscaped) isEscaped = false;
    else if (byte === BACKSLASH) isEscaped = true;
    else if (byte === QUOTE) isString = false;
  };
  const readOuter = (byte: number): void => {
    if (byte === COLON && !isValue) {
      const text = kept === null ? "" : Buffer.from(kept).toString("utf8").trim();
      name = names.find((wanted) => text === `"${wanted}"`) ?? null;
      kept = name === null ? null : [];
      isValue = true;
      return;
    }
    if (byte === COMMA) {
      endValue();
      kept = [];
      return;
    }
    keep(byte);
  };

  return {
    write(chunk) {
      for (const byte of chunk) {
        if (isString) {
          readString(byte);
          continue;
        }
        if (byte === QUOTE) {
          isString = true;
          keep(byte);
        } else if (byte === OPEN_BRACE || byte === OPEN_BRACKET) {
          depth += 1;
          if (depth === 1) kept = [];
          else keep(byte);
        } else if (byte === CLOSE_BRACE || byte === CLOSE_BRACKET) {
          depth -= 1;
          if (depth === 0) endValue();
          else keep(byte);
        } else if (depth === 1) readOuter(byte);
        else keep(byte);
      }
    },
    get(wanted) {
      const raw = found.get(wanted);
      if (raw === undefined) return undefined;
      try {
        return JSON.parse(raw) as unknown;
      } catch {
        return undefined;
      }
    },
  };
}
