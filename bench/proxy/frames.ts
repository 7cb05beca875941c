import { MESSAGE_BYTES } from "./world.ts";

const PING = 0x9;
const PONG = 0xa;
/** Payloads of this bench are from 126 to 65,535 bytes, control frames shorter: two of the three forms of a length. */
const EXTENDED = 126;

/** A client's message (RFC 6455, 5.2), masked with zeros. */
export function clientMessage(): Buffer {
  return Buffer.concat([
    Buffer.from([0x82, 0x80 | EXTENDED, 0, MESSAGE_BYTES, 0, 0, 0, 0]),
    Buffer.alloc(MESSAGE_BYTES, 7),
  ]);
}

export interface Frame {
  opcode: number;
  payload: Buffer;
}

/** Reads frames out of a stream; calls back for each whole one. */
export function readFrames(onFrame: (frame: Frame) => void): (chunk: Buffer) => void {
  let rest: Buffer = Buffer.alloc(0);
  return (chunk) => {
    const bytes = rest.length === 0 ? chunk : Buffer.concat([rest, chunk]);
    let at = 0;
    while (true) {
      const frame = frameAt(bytes, at);
      if (frame === null) break;
      onFrame(frame);
      at = frame.end;
    }
    rest = bytes.subarray(at);
  };
}

function frameAt(bytes: Buffer, at: number): (Frame & { end: number }) | null {
  if (bytes.length < at + 4) return bytes.length === at + 2 && bytes[at + 1] === 0 ? emptyAt(bytes, at) : null;
  const second = bytes[at + 1] ?? 0;
  const code = second & 0x7f;
  const maskBytes = (second & 0x80) === 0 ? 0 : 4;
  const start = at + 2 + (code === EXTENDED ? 2 : 0) + maskBytes;
  const length = code === EXTENDED ? bytes.readUInt16BE(at + 2) : code;
  const end = start + length;
  if (bytes.length < end) return null;
  const payload = Buffer.from(bytes.subarray(start, end));
  const mask = bytes.subarray(start - maskBytes, start);
  for (let index = 0; index < length && mask.length > 0; index += 1)
    payload[index] = (payload[index] ?? 0) ^ (mask[index % 4] ?? 0);
  return { opcode: (bytes[at] ?? 0) & 0x0f, payload, end };
}

function emptyAt(bytes: Buffer, at: number) {
  return { opcode: (bytes[at] ?? 0) & 0x0f, payload: Buffer.alloc(0), end: at + 2 };
}

/** A server that sends back each message and answers pings. */
export function echoFrames(write: (bytes: Buffer) => void): (chunk: Buffer) => void {
  return readFrames(({ opcode, payload }) => {
    if (opcode !== 0x2 && opcode !== PING) return;
    const first = 0x80 | (opcode === PING ? PONG : opcode);
    const { length } = payload;
    const head = length < EXTENDED ? [first, length] : [first, EXTENDED, length >> 8, length & 0xff];
    write(Buffer.concat([Buffer.from(head), payload]));
  });
}

/** A client that counts messages and answers pings. */
export function clientFrames(write: (bytes: Buffer) => void, onMessage: () => void): (chunk: Buffer) => void {
  return readFrames(({ opcode, payload }) => {
    if (opcode === 0x2) onMessage();
    else if (opcode === PING)
      write(Buffer.concat([Buffer.from([0x80 | PONG, 0x80 | payload.length, 0, 0, 0, 0]), payload]));
  });
}
