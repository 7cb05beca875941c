import { once } from "node:events";
import { setTimeout as sleep } from "node:timers/promises";
import type { ScenarioContext } from "../harness/scenario.ts";
import { encodeFrame, opcodes } from "./frames.ts";
import type { Wire, WireLab, WirePair } from "./wires.ts";

const FRAME = encodeFrame({ opcode: opcodes.binary, payload: Buffer.alloc(70_000, 7) }, Buffer.from([1, 2, 3, 4]));
/** Within the header, right behind it, within the payload, before its last byte. */
const places = [1, 2, 5, 10, 13, 14, 15, 30_000, FRAME.length - 1];
const WAIT_MS = 30;
const ends = ["goes on", "ends", "is reset"] as const;

/** A frame that is sent in halves: the first isn't kept back, and the other side learns how it goes on. */
export async function passHalves(ctx: ScenarioContext, lab: WireLab): Promise<void> {
  const wrong: string[] = [];
  for (const place of places) {
    for (const direction of ["client to agent", "agent to client"] as const) {
      for (const end of ends) {
        const pair = await lab.open();
        if (!(await passHalf(sides(pair, direction), place, end)))
          wrong.push(`${place} bytes, then it ${end}, ${direction}`);
        pair.cut();
      }
    }
  }
  ctx.hold(wrong.length === 0, "half a frame arrives at once, and so does its other half or the end", wrong);
}

/** Frames that come in the same segment as the handshake are frames like any other. */
export async function passFirstFrames(ctx: ScenarioContext, lab: WireLab): Promise<void> {
  for (const length of [1, 7, FRAME.length]) {
    const first = { client: FRAME.subarray(0, length), backend: Buffer.from([0x81, 2, 0x68, 0x69]) };
    const pair = await lab.open({ first });
    pair.client.socket.write(FRAME.subarray(length));
    const [atBackend, atClient] = await Promise.all([
      pair.backend.receive(FRAME.length),
      pair.client.receive(first.backend.length),
    ]);
    ctx.hold(
      atBackend.equals(FRAME) && atClient.equals(first.backend),
      `${length} bytes of a frame behind the handshake arrive as they are`,
    );
    pair.cut();
  }
}

function sides(
  { client, backend }: WirePair,
  direction: "client to agent" | "agent to client",
): [from: Wire, to: Wire] {
  return direction === "client to agent" ? [client, backend] : [backend, client];
}

async function passHalf([from, to]: [Wire, Wire], place: number, end: (typeof ends)[number]): Promise<boolean> {
  const half = FRAME.subarray(0, place);
  from.socket.write(half);
  if (!(await to.receive(place)).equals(half)) return false;
  if (end === "goes on") {
    from.socket.write(FRAME.subarray(place));
    return (await to.receive(FRAME.length)).equals(FRAME);
  }
  if (end === "ends") from.socket.end();
  else from.socket.resetAndDestroy();
  if (!to.hasEnded()) await Promise.race([once(to.socket, "close"), once(to.socket, "end"), sleep(2_000)]);
  await sleep(WAIT_MS);
  return to.hasEnded() && to.received().equals(half);
}
