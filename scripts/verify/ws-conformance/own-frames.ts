import { setTimeout as sleep } from "node:timers/promises";
import { newId } from "@automna/service-kit/new-id";
import type { ScenarioContext } from "../harness/scenario.ts";
import { encodeFrame, opcodes, readFrame, readFrames, type ReadFrame } from "./frames.ts";
import type { Wire, WireLab } from "./wires.ts";

/** Pings of this length are sent by the proxy alone here. */
const OWN_PING_BYTES = 8;
const SESSION_ENDED = 4401;
/** So many have to be seen among the frames; a busy machine takes longer for that. */
const PINGS_MIN = 5;
const PATIENCE_MS = 20_000;
const STREAM_MS = 50;
const MASK = Buffer.from([9, 8, 7, 6]);

/** While messages pass, the proxy pings a silent side: the messages stay whole, and its pings are its own business. */
export async function pingBetweenFrames(ctx: ScenarioContext, lab: WireLab, seconds: number): Promise<void> {
  for (const direction of ["client to agent", "agent to client"] as const) {
    const pair = await lab.open();
    const isFromClient = direction === "client to agent";
    const [from, to] = isFromClient ? [pair.client, pair.backend] : [pair.backend, pair.client];
    const asked = answerPings(to, isFromClient ? null : MASK);
    const answering = answerPings(from, isFromClient ? MASK : null);
    const untilMs = Date.now() + seconds * 1_000;
    const isEnough = () => Date.now() > untilMs && (asked.count() >= PINGS_MIN || Date.now() > untilMs + PATIENCE_MS);
    const sent = await sendUntil(ctx, from, { mask: isFromClient ? MASK : null, isEnough, answering });
    const arrived = await untilArrived(to, sent);
    ctx.hold(sameStream(arrived, sent), `${direction}: without the proxy's pings the stream is the one that was sent`);
    ctx.hold(asked.count() >= PINGS_MIN, `${direction}: pings of the proxy came in between`, asked.count());
    // Whoever waits a moment is pinged too; nothing else comes back.
    ctx.hold(sameStream(from.received(), Buffer.alloc(0)), `${direction}: their pongs are not passed on`);
    ctx.figure(`pings among the frames, ${direction}`, asked.count(), "pings");
    pair.cut();
  }
  const frame = encodeFrame({ opcode: opcodes.text, payload: Buffer.from("hello hello hello") }, null);
  const ping = encodeFrame({ opcode: opcodes.ping, payload: Buffer.alloc(OWN_PING_BYTES) }, null);
  const cut = (at: number) => Buffer.concat([frame.subarray(0, at), ping, frame.subarray(at)]);
  ctx.hold(
    sameStream(cut(frame.length), frame) && !sameStream(cut(5), frame),
    "a ping within a frame would have been noticed",
  );
}

/** A session that ends in the middle of a stream: whole frames and then our close, or a cut within a frame. */
export async function closeBetweenFrames(ctx: ScenarioContext, lab: WireLab, rounds: number): Promise<void> {
  const { customer, ingress } = lab;
  let [closes, wrong] = [0, 0];
  for (let round = 0; round < rounds; round += 1) {
    const sessionId = newId("sess");
    const pair = await lab.open({ sessionId });
    const untilMs = Date.now() + STREAM_MS;
    const sending = sendUntil(ctx, pair.backend, { mask: null, isEnough: () => Date.now() > untilMs });
    await sleep(ctx.random.integer(1, STREAM_MS));
    ingress.listener.emit("session_ended", { sessionId, userId: customer.userId });
    const got = readFrames(await pair.client.receive(Number.POSITIVE_INFINITY, 5_000));
    const sent = await sending;
    const last = got.frames.at(-1);
    const isClosed = last?.opcode === opcodes.close && got.rest.length === 0;
    const passed = isClosed ? got.frames.slice(0, -1).map(({ bytes }) => bytes) : [pair.client.received()];
    const isPrefix = sent.subarray(0, Buffer.concat(passed).length).equals(Buffer.concat(passed));
    if (!isPrefix || !pair.client.hasEnded() || (isClosed && last.payload.readUInt16BE(0) !== SESSION_ENDED))
      wrong += 1;
    if (isClosed) closes += 1;
    pair.cut();
  }
  ctx.hold(
    wrong === 0,
    "a session that ends within a stream: whole frames and our close, or the cut; never a close inside a frame",
    wrong,
  );
  ctx.hold(closes > 0, "the close is sent where there is room for it", closes);
  ctx.figure("sessions ended within a stream, with a close", closes, `of ${rounds}`);
}

function isOwnPing({ opcode, payload }: ReadFrame): boolean {
  return opcode === opcodes.ping && payload.length === OWN_PING_BYTES;
}

/** True when what arrived is what was sent, with pings of the proxy's own between its frames at most. */
function sameStream(arrived: Buffer, sent: Buffer): boolean {
  const { frames, rest } = readFrames(arrived);
  return (
    rest.length === 0 &&
    Buffer.concat(frames.filter((frame) => !isOwnPing(frame)).map(({ bytes }) => bytes)).equals(sent)
  );
}

interface Answering {
  /** How often the proxy has asked. */
  count: () => number;
  /** Between these two, answers wait: a frame of the peer's own is under way. */
  hold: () => void;
  release: () => void;
}

/** Answers what the proxy asks, as a browser or a gateway would. */
function answerPings({ socket, received }: Wire, mask: Buffer | null): Answering {
  const waiting: Buffer[] = [];
  let [at, count, isHeld] = [0, 0, false];
  const flush = () => {
    for (const pong of waiting.splice(0)) socket.write(pong);
  };
  socket.on("data", () => {
    const bytes = received();
    for (let frame = readFrame(bytes, at); frame !== null; frame = readFrame(bytes, at)) {
      at += frame.bytes.length;
      if (!isOwnPing(frame)) continue;
      count += 1;
      waiting.push(encodeFrame({ opcode: opcodes.pong, payload: frame.payload }, mask));
    }
    if (!isHeld) flush();
  });
  return {
    count: () => count,
    hold: () => (isHeld = true),
    release() {
      isHeld = false;
      flush();
    },
  };
}

/** Messages, whole and in fragments, with control frames between, cut anywhere. Returns all that was sent. */
async function sendUntil(
  ctx: ScenarioContext,
  { socket }: Wire,
  { mask, isEnough, answering }: { mask: Buffer | null; isEnough: () => boolean; answering?: Answering },
): Promise<Buffer> {
  const parts: Buffer[] = [];
  while (!isEnough() && socket.writable) {
    const stream = Buffer.concat(someMessage(ctx).map((frame) => encodeFrame(frame, mask)));
    parts.push(stream);
    const cutAt = ctx.random.integer(0, stream.length);
    answering?.hold();
    socket.write(stream.subarray(0, cutAt));
    await sleep(ctx.random.integer(0, 3));
    socket.write(stream.subarray(cutAt));
    answering?.release();
    if (ctx.random.integer(0, 2) === 0) await sleep(1);
  }
  return Buffer.concat(parts);
}

function someMessage({ random }: ScenarioContext) {
  const payload = () => Buffer.alloc(random.pick([0, 5, 125, 126, 4_000, 30_000]), 0x8a);
  if (random.integer(0, 1) === 0) return [{ opcode: opcodes.binary, payload: payload() }];
  return [
    { opcode: opcodes.text, payload: payload(), isFinal: false },
    { opcode: opcodes.pong, payload: Buffer.alloc(OWN_PING_BYTES, 3) },
    { opcode: opcodes.continuation, payload: payload(), isFinal: false },
    { opcode: opcodes.ping, payload: Buffer.from("theirs") },
    { opcode: opcodes.continuation, payload: payload() },
  ];
}

/** All that has arrived once the last byte sent is among it. */
async function untilArrived(wire: Wire, sent: Buffer): Promise<Buffer> {
  const isThere = () =>
    readFrames(wire.received())
      .frames.filter((frame) => !isOwnPing(frame))
      .reduce((sum, { bytes }) => sum + bytes.length, 0) >= sent.length;
  for (let waited = 0; !isThere() && waited < 200; waited += 1) await sleep(50);
  return wire.received();
}
