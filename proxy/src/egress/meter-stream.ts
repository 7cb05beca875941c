import type { TokenCounts } from "@automna/core/credits/model-prices";
import { makeJsonFields } from "./json-fields.ts";
import { nothingUsed, readUsage, toRecord } from "./token-usage.ts";

/** What an answer said of itself so far. */
export interface MeterReading {
  /** The model has begun to answer: from here on the message is charged. */
  hasBegun: boolean;
  /** Null until it was said. */
  model: string | null;
  tokens: TokenCounts;
}

export interface StreamMeter {
  write: (chunk: Buffer) => void;
  read: () => MeterReading;
}

/** Reads the counts out of an answer as it passes: nothing of it is held back, and next to nothing kept. */
export function makeStreamMeter(contentType: string): StreamMeter {
  return contentType.startsWith("text/event-stream") ? makeEventStreamMeter() : makeWholeMeter();
}

/** An answer in one piece has begun when its counts are there, at its end. */
function makeWholeMeter(): StreamMeter {
  const fields = makeJsonFields(["model", "usage"]);
  return {
    write: fields.write,
    read() {
      const usage = fields.get("usage");
      const model = fields.get("model");
      return {
        hasBegun: usage !== undefined,
        model: typeof model === "string" ? model : null,
        tokens: readUsage(nothingUsed, usage),
      };
    },
  };
}

const NEWLINE = 0x0a;
const START = "event: message_start";
const DELTA = "event: message_delta";
const CONTENT = "event: content_block_delta";
/** Of a line that is not wanted only its beginning is looked at. */
const LONGEST_MARK = CONTENT.length;
/** A `message_start` repeats the request's options, a few kB at most. */
const MAX_LINE_BYTES = 256 * 1024;

/**
 * The provider's streaming protocol: `message_start` carries the model and what was read, `message_delta` what was written
 * by then. A stream that is cut has no last count; each piece of content is then a token at least.
 */
function makeEventStreamMeter(): StreamMeter {
  let line: Buffer[] = [];
  let lineBytes = 0;
  let isDataWanted = false;
  let pieces = 0;
  let reading: MeterReading = { hasBegun: false, model: null, tokens: nothingUsed };
  let hasCount = false;

  const readData = (text: string) => {
    const event = toRecord(parse(text));
    if (event["type"] === "message_start") {
      const message = toRecord(event["message"]);
      const { model } = message;
      const tokens = readUsage(nothingUsed, message["usage"]);
      reading = { hasBegun: true, model: typeof model === "string" ? model : null, tokens };
    } else if (event["type"] === "message_delta") {
      reading = { ...reading, tokens: readUsage(reading.tokens, event["usage"]) };
      hasCount = true;
    }
  };
  const endLine = () => {
    const text = Buffer.concat(line).toString("utf8").trimEnd();
    line = [];
    lineBytes = 0;
    if (text.startsWith("event:")) {
      isDataWanted = text === START || text === DELTA;
      if (text === CONTENT) pieces += 1;
    } else if (isDataWanted && text.startsWith("data:")) readData(text.slice("data:".length));
  };
  const keep = (part: Buffer) => {
    const room = (isDataWanted ? MAX_LINE_BYTES : LONGEST_MARK + 2) - lineBytes;
    if (room <= 0 || part.length === 0) return;
    line.push(part.length > room ? part.subarray(0, room) : part);
    lineBytes += Math.min(room, part.length);
  };

  return {
    write(chunk) {
      let from = 0;
      for (let end = chunk.indexOf(NEWLINE); end !== -1; end = chunk.indexOf(NEWLINE, from)) {
        keep(chunk.subarray(from, end));
        endLine();
        from = end + 1;
      }
      keep(chunk.subarray(from));
    },
    read() {
      if (hasCount) return reading;
      return { ...reading, tokens: { ...reading.tokens, output: Math.max(reading.tokens.output, pieces) } };
    },
  };
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}
