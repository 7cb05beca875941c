import type { Random } from "../harness/random.ts";
import { opcodes, type FrameSpec } from "./frames.ts";

/** A sequence of frames that has to arrive as it was sent, in both directions. */
export interface FrameCase {
  name: string;
  frames: FrameSpec[];
  /** Negotiated, for frames that mean something only with it. */
  isDeflate?: boolean;
}

const MB = 1024 * 1024;
const { continuation, text, binary, close, ping, pong } = opcodes;
const utf8 = (words: string) => Buffer.from(words, "utf8");
const range = (count: number) => Array.from({ length: count }, (_, index) => index);

/** Those that may be sent in a close frame (RFC 6455, 7.4); 1004 to 1006 and 1015 may not. */
export const closeCodes = [
  1000, 1001, 1002, 1003, 1007, 1008, 1009, 1010, 1011, 1012, 1013, 1014, 3000, 3999, 4000, 4001, 4401, 4999,
];

export function frameCases(random: Random): FrameCase[] {
  const block = Buffer.from(Array.from({ length: 65_521 }, () => random.integer(0, 255)));
  const bytes = (length: number) => Buffer.alloc(length, block.subarray(random.integer(0, 1_000)));
  return [...sizeCases(bytes), ...controlCases(bytes), ...fragmentCases(bytes), ...bitCases(bytes), ...textCases()];
}

type MakeBytes = (length: number) => Buffer;

function sizeCases(bytes: MakeBytes): FrameCase[] {
  const sizes = [0, 1, 2, 124, 125, 126, 127, 128, 65_534, 65_535, 65_536, 65_537, MB, 16 * MB];
  return [text, binary].flatMap((opcode) =>
    sizes.map((size) => ({
      name: `${opcode === text ? "text" : "binary"} of ${size} bytes`,
      frames: [{ opcode, payload: opcode === text ? Buffer.alloc(size, "a") : bytes(size) }],
    })),
  );
}

function controlCases(bytes: MakeBytes): FrameCase[] {
  const codeOf = (code: number) => Buffer.from([code >> 8, code & 0xff]);
  return [
    { name: "pings with 0 to 125 bytes", frames: range(126).map((size) => ({ opcode: ping, payload: bytes(size) })) },
    { name: "pongs with 0 to 125 bytes", frames: range(126).map((size) => ({ opcode: pong, payload: bytes(size) })) },
    { name: "a close without a code", frames: [{ opcode: close }] },
    ...closeCodes.flatMap((code): FrameCase[] => [
      { name: `close ${code}`, frames: [{ opcode: close, payload: codeOf(code) }] },
      {
        name: `close ${code} with the longest reason`,
        frames: [{ opcode: close, payload: Buffer.concat([codeOf(code), Buffer.alloc(123, "r")]) }],
      },
    ]),
    {
      name: "a close right behind a message",
      frames: [
        { opcode: text, payload: utf8("bye") },
        { opcode: close, payload: codeOf(1000) },
      ],
    },
  ];
}

function fragmentCases(bytes: MakeBytes): FrameCase[] {
  const split = (opcode: number, parts: Buffer[]): FrameSpec[] =>
    parts.map((payload, index) => ({
      opcode: index === 0 ? opcode : continuation,
      payload,
      isFinal: index === parts.length - 1,
    }));
  const between = (frames: FrameSpec[], control: () => FrameSpec) =>
    frames.flatMap((frame, index) => (index === frames.length - 1 ? [frame] : [frame, control()]));
  const sizes = [
    [0, 0],
    [1, 0],
    [0, 1],
    [125, 126],
    [65_535, 65_536],
    [0, 0, 0, 5],
  ];
  return [
    ...sizes.map((parts) => ({
      name: `fragments of ${parts.join(", ")} bytes`,
      frames: split(binary, parts.map(bytes)),
    })),
    {
      name: "1,000 fragments of one byte",
      frames: split(
        text,
        range(1_000).map(() => utf8("x")),
      ),
    },
    {
      name: "20 fragments of 64 kB",
      frames: split(
        binary,
        range(20).map(() => bytes(65_536)),
      ),
    },
    ...(
      [
        ["pings", ping],
        ["pongs", pong],
      ] as const
    ).map(([name, opcode]) => ({
      name: `${name} between fragments`,
      frames: between(
        split(
          binary,
          range(10).map((index) => bytes(index * 20)),
        ),
        () => ({ opcode, payload: bytes(8) }),
      ),
    })),
    {
      name: "a close between fragments",
      frames: [
        { opcode: text, payload: utf8("half"), isFinal: false },
        { opcode: close, payload: Buffer.from([3, 232]) },
      ],
    },
    {
      name: "5,000 small frames",
      frames: range(5_000).map((index) => ({ opcode: text, payload: utf8(String(index)) })),
    },
    {
      name: "frames of every length to 300",
      frames: range(300).map((size) => ({ opcode: binary, payload: bytes(size) })),
    },
  ];
}

/** A proxy knows no extension: what the bits mean is between the two ends. */
function bitCases(bytes: MakeBytes): FrameCase[] {
  const rsv = [0b100, 0b010, 0b001, 0b110, 0b111];
  const reserved = [0x3, 0x4, 0x5, 0x6, 0x7, 0xb, 0xc, 0xd, 0xe, 0xf];
  return [
    ...[true, false].flatMap((isDeflate) =>
      rsv.map((bits) => ({
        name: `reserved bits ${bits.toString(2).padStart(3, "0")}, compression ${isDeflate ? "agreed" : "not agreed"}`,
        frames: [{ opcode: binary, rsv: bits, payload: bytes(300) }],
        isDeflate,
      })),
    ),
    {
      name: "a compressed message in fragments",
      frames: [
        { opcode: text, rsv: 0b100, payload: bytes(50), isFinal: false },
        { opcode: ping, payload: bytes(3) },
        { opcode: continuation, payload: bytes(50) },
      ],
      isDeflate: true,
    },
    ...reserved.map((opcode) => ({ name: `opcode ${opcode}`, frames: [{ opcode, payload: bytes(20) }] })),
  ];
}

function textCases(): FrameCase[] {
  const snowman = utf8("Zürich ☃ 🧑‍🚀");
  return [
    { name: "UTF-8 of one to four bytes", frames: [{ opcode: text, payload: snowman }] },
    {
      name: "a character cut in two by fragments",
      frames: [
        { opcode: text, payload: snowman.subarray(0, 2), isFinal: false },
        { opcode: continuation, payload: snowman.subarray(2) },
      ],
    },
    { name: "bytes that are not UTF-8", frames: [{ opcode: text, payload: Buffer.from([0xff, 0xfe, 0xc0, 0xae]) }] },
    {
      name: "a payload that looks like a close frame",
      frames: [{ opcode: binary, payload: Buffer.from([0x88, 2, 3, 232]) }],
    },
    {
      name: "a payload that looks like HTTP",
      frames: [{ opcode: text, payload: utf8("HTTP/1.1 503 Service Unavailable\r\n\r\nGET / HTTP/1.1\r\n\r\n") }],
    },
  ];
}
