/** RFC 6455, 5.2. */
export const opcodes = { continuation: 0x0, text: 0x1, binary: 0x2, close: 0x8, ping: 0x9, pong: 0xa } as const;

export interface FrameSpec {
  opcode: number;
  payload?: Buffer;
  /** False for all fragments but the last. */
  isFinal?: boolean;
  /** The three reserved bits, e.g. 0b100 for a compressed message (RFC 7692). */
  rsv?: number;
}

/** What a masked frame carries is random bytes to whoever doesn't unmask it: so is what we send. */
export function encodeFrame(
  { opcode, payload = Buffer.alloc(0), isFinal = true, rsv = 0 }: FrameSpec,
  mask: Buffer | null,
): Buffer {
  const first = (isFinal ? 0x80 : 0) | (rsv << 4) | opcode;
  const maskBit = mask === null ? 0 : 0x80;
  const head = encodeLength(first, maskBit, payload.length);
  if (mask === null) return Buffer.concat([head, payload]);
  return Buffer.concat([head, mask, Buffer.from(payload.map((byte, index) => byte ^ (mask[index % 4] ?? 0)))]);
}

function encodeLength(first: number, maskBit: number, length: number): Buffer {
  if (length < 126) return Buffer.from([first, maskBit | length]);
  if (length < 65_536) {
    const head = Buffer.from([first, maskBit | 126, 0, 0]);
    head.writeUInt16BE(length, 2);
    return head;
  }
  const head = Buffer.from([first, maskBit | 127, 0, 0, 0, 0, 0, 0, 0, 0]);
  head.writeBigUInt64BE(BigInt(length), 2);
  return head;
}

export interface ReadFrame {
  opcode: number;
  /** As on the wire. */
  bytes: Buffer;
  payload: Buffer;
}

/** The frame at `at`, or null while it is incomplete. Written apart from the proxy's own tracker, on purpose. */
export function readFrame(bytes: Buffer, at: number): ReadFrame | null {
  if (bytes.length < at + 2) return null;
  const code = bytes.readUInt8(at + 1) & 0x7f;
  const isMasked = bytes.readUInt8(at + 1) >= 0x80;
  const lengthBytes = code === 127 ? 8 : code === 126 ? 2 : 0;
  const maskAt = at + 2 + lengthBytes;
  if (bytes.length < maskAt + (isMasked ? 4 : 0)) return null;
  const length =
    code === 127 ? Number(bytes.readBigUInt64BE(at + 2)) : code === 126 ? bytes.readUInt16BE(at + 2) : code;
  const payloadAt = maskAt + (isMasked ? 4 : 0);
  if (bytes.length < payloadAt + length) return null;
  const sent = bytes.subarray(payloadAt, payloadAt + length);
  const payload = isMasked ? Buffer.from(sent.map((byte, index) => byte ^ (bytes[maskAt + (index % 4)] ?? 0))) : sent;
  return { opcode: bytes.readUInt8(at) & 0x0f, bytes: bytes.subarray(at, payloadAt + length), payload };
}

/** Whole frames of a stream, and what is left of a last one. */
export function readFrames(bytes: Buffer): { frames: ReadFrame[]; rest: Buffer } {
  const frames: ReadFrame[] = [];
  let at = 0;
  for (let frame = readFrame(bytes, at); frame !== null; frame = readFrame(bytes, at)) {
    frames.push(frame);
    at += frame.bytes.length;
  }
  return { frames, rest: bytes.subarray(at) };
}
