import { setTimeout as sleep } from "node:timers/promises";
import type { ScenarioContext } from "../harness/scenario.ts";
import { frameCases, type FrameCase } from "./cases.ts";
import { encodeFrame } from "./frames.ts";
import type { Wire, WireLab } from "./wires.ts";

/** How a stream is handed to the network. */
type Cut = "one segment per frame" | "all in one segment" | "byte by byte" | "at random places" | "within headers";
const cuts: Cut[] = [
  "one segment per frame",
  "all in one segment",
  "byte by byte",
  "at random places",
  "within headers",
];

/** So that a cut is one on the wire as well: Nagle is off, and each part leaves with its own turn of the loop. */
const turn = () => new Promise((resolve) => setImmediate(resolve));
const BYTE_BY_BYTE_MAX = 400;
const CUTS_MAX_BYTES = 2_000_000;
/** A quick run cuts each sequence in so many ways, chosen by its seed. */
const QUICK_CUTS = 2;
const TO_BE_SURE_MS = 2;

/** Sends each case through the ingress in both directions, cut in several ways: every byte arrives as it was sent. */
export async function passUnchanged(ctx: ScenarioContext, labs: WireLab[]): Promise<void> {
  const streams = toStreams(ctx);
  const wrong: string[] = [];
  let bytes = 0;
  const work = async (lab: WireLab) => {
    for (let stream = streams.pop(); stream !== undefined; stream = streams.pop()) {
      ctx.signal.throwIfAborted();
      const difference = await pass(ctx, lab, stream);
      bytes += sizeOf(stream.frames);
      if (difference !== null) wrong.push(`${stream.each.name}, ${stream.direction}, ${stream.cut}: ${difference}`);
    }
  };
  ctx.figure("streams compared byte by byte", streams.length, "streams");
  await Promise.all(labs.map(work));
  ctx.hold(
    wrong.length === 0,
    "every frame arrives byte for byte, in both directions and however it is cut",
    wrong.slice(0, 5),
  );
  ctx.figure("frames' bytes compared", bytes / 1e6, "MB");
}

function toStreams(ctx: ScenarioContext): Stream[] {
  return frameCases(ctx.random).flatMap((each) =>
    (["client to agent", "agent to client"] as const).flatMap((direction) => {
      const frames = each.frames.map((frame) =>
        encodeFrame(frame, direction === "client to agent" ? maskOf(ctx) : null),
      );
      const possible = cuts.filter((cut) => applies(cut, sizeOf(frames)));
      const chosen = ctx.isQuick ? ctx.random.shuffle(possible).slice(0, QUICK_CUTS) : possible;
      return chosen.map((cut) => ({ each, frames, direction, cut }));
    }),
  );
}

interface Stream {
  each: FrameCase;
  frames: Buffer[];
  direction: "client to agent" | "agent to client";
  cut: Cut;
}

/** Null, or what was wrong. */
async function pass(
  ctx: ScenarioContext,
  lab: WireLab,
  { each, frames, direction, cut }: Stream,
): Promise<string | null> {
  const pair = await lab.open({ isDeflate: each.isDeflate ?? false });
  const [from, to] = direction === "client to agent" ? [pair.client, pair.backend] : [pair.backend, pair.client];
  try {
    await send(from, toParts(ctx, frames, cut));
    return await compare(to, Buffer.concat(frames), from);
  } finally {
    pair.cut();
  }
}

async function send({ socket }: Wire, parts: Buffer[]): Promise<void> {
  for (const part of parts) {
    socket.write(part);
    await turn();
  }
}

async function compare(to: Wire, expected: Buffer, from: Wire): Promise<string | null> {
  await to.receive(expected.length);
  // More than was sent would come a moment later.
  await sleep(TO_BE_SURE_MS);
  const got = to.received();
  if (!got.equals(expected))
    return `${got.length} of ${expected.length} bytes, different from ${firstDifference(got, expected)}`;
  return from.received().length === 0 ? null : "the sender got bytes that nobody sent";
}

function toParts(ctx: ScenarioContext, frames: Buffer[], cut: Cut): Buffer[] {
  const all = Buffer.concat(frames);
  const at = (places: number[]) =>
    [0, ...places].map((start, index) => all.subarray(start, places[index] ?? all.length));
  switch (cut) {
    case "one segment per frame":
      return frames;
    case "all in one segment":
      return [all];
    case "byte by byte":
      return at(Array.from({ length: all.length - 1 }, (_, index) => index + 1));
    case "at random places":
      return at(Array.from({ length: 12 }, () => ctx.random.integer(0, all.length)).toSorted((a, b) => a - b));
    case "within headers": {
      let start = 0;
      return at(frames.slice(0, 100).map((frame) => (start += frame.length) - frame.length + 1));
    }
  }
}

function applies(cut: Cut, total: number): boolean {
  if (cut === "byte by byte") return total <= BYTE_BY_BYTE_MAX;
  return total <= CUTS_MAX_BYTES || cut === "all in one segment";
}

function sizeOf(frames: Buffer[]): number {
  return frames.reduce((sum, frame) => sum + frame.length, 0);
}

function maskOf({ random }: ScenarioContext): Buffer {
  const fixed = [Buffer.alloc(4), Buffer.alloc(4, 0xff), Buffer.from([0x88, 0x8a, 0x89, 0x81])];
  return random.integer(0, 3) === 0 ? random.pick(fixed) : Buffer.from(random.hex(8), "hex");
}

function firstDifference(a: Buffer, b: Buffer): number {
  return a.findIndex((byte, index) => byte !== b[index]);
}
