import { once } from "node:events";
import type { IncomingMessage } from "node:http";
import { setTimeout as sleep } from "node:timers/promises";
import { agentSocketPath } from "@automna/contract/paths";
import { WebSocket, WebSocketServer } from "ws";
import { ORIGIN } from "../../../proxy/test/ingress-harness.ts";
import type { ScenarioContext } from "../harness/scenario.ts";
import type { CarelessRequest } from "../steps/careless-reader.ts";
import { closeCodes } from "./cases.ts";
import type { WireLab } from "./wires.ts";

const MAX_BYTES = 64 * 1024 * 1024;
const sizes = [0, 1, 125, 126, 65_535, 65_536, 1024 * 1024, 16 * 1024 * 1024];

/** What the library at the agent's end has heard. */
interface Heard {
  closes: string[];
  pings: string[];
  pongs: number;
}

/** The ws library at both ends, as OpenClaw uses it, while the proxy pings as often as it can. */
export async function speakThroughLibrary(ctx: ScenarioContext, lab: WireLab): Promise<void> {
  for (const perMessageDeflate of [false, true]) {
    const name = perMessageDeflate ? "compressed" : "not compressed";
    const heard = echoThrough(ctx, lab, perMessageDeflate);
    const socket = await dial(lab, perMessageDeflate);
    let pings = 0;
    socket.on("ping", () => (pings += 1));
    ctx.hold(
      socket.extensions === (perMessageDeflate ? "permessage-deflate" : ""),
      `ws, ${name}: agreed as asked`,
      socket.extensions,
    );
    const wrong: number[] = [];
    for (const size of sizes) if (!(await echoes(socket, Buffer.alloc(size, 0x8a)))) wrong.push(size);
    ctx.hold(wrong.length === 0, `ws, ${name}: messages of every size come back`, wrong);
    ctx.hold(await echoesFragments(socket), `ws, ${name}: a message in fragments with a ping between comes back whole`);
    await ctx.eventually(`ws, ${name}: both ends hear the proxy's pings`, () =>
      pings > 0 && heard.pings.length > 1 ? true : null,
    );
    ctx.hold(
      heard.pongs === 0 && heard.pings.includes("between"),
      `ws, ${name}: and nobody hears their pongs`,
      heard.pongs,
    );
    ctx.hold(socket.readyState === WebSocket.OPEN, `ws, ${name}: the socket is still open after them`);
    socket.terminate();
  }
  await closeThroughLibrary(ctx, lab);
}

async function closeThroughLibrary(ctx: ScenarioContext, lab: WireLab): Promise<void> {
  const wrong: number[] = [];
  for (const code of closeCodes) {
    const heard = echoThrough(ctx, lab, false);
    const [fromClient, fromAgent] = [await dial(lab, false), await dial(lab, false)];
    const closed = [once(fromClient, "close"), once(fromAgent, "close")] as const;
    fromClient.close(code, "client's");
    fromAgent.send(`close ${code}`);
    await closed[0];
    const [agents, reason] = (await closed[1]) as [number, Buffer];
    await sleep(5);
    if (agents !== code || String(reason) !== "agent's" || !heard.closes.includes(`${code} client's`)) wrong.push(code);
  }
  ctx.hold(wrong.length === 0, "ws: every close code that may be sent arrives with its reason, from either end", wrong);
}

/** Puts the library behind the raw backend: an echo that closes when it is told to. */
function echoThrough(ctx: ScenarioContext, { backend }: WireLab, perMessageDeflate: boolean): Heard {
  const heard: Heard = { closes: [], pings: [], pongs: 0 };
  const server = new WebSocketServer({ noServer: true, perMessageDeflate, maxPayload: MAX_BYTES });
  ctx.onCleanup("close a WebSocket server", () => server.close());
  let asked: CarelessRequest | null = null;
  backend.upgradeAnswer = (request) => {
    asked = request;
    return "";
  };
  backend.onUpgraded = (socket, rest) => {
    const request = { method: "GET", url: asked?.target, headers: Object.fromEntries(asked?.headers ?? []) };
    server.handleUpgrade(request as unknown as IncomingMessage, socket, rest, (opened) => {
      opened.on("message", (data, isBinary) => {
        const code = /^close (\d+)$/.exec(!isBinary && Buffer.isBuffer(data) ? data.toString() : "")?.[1];
        if (code === undefined) opened.send(data, { binary: isBinary });
        else opened.close(Number(code), "agent's");
      });
      opened.on("close", (code, reason) => heard.closes.push(`${code} ${String(reason)}`));
      opened.on("ping", (data) => heard.pings.push(String(data)));
      opened.on("pong", () => (heard.pongs += 1));
      opened.on("error", () => undefined);
    });
  };
  return heard;
}

async function dial({ ingress, customer }: WireLab, perMessageDeflate: boolean): Promise<WebSocket> {
  const url = `ws://127.0.0.1:${ingress.port}${agentSocketPath(customer.userId)}`;
  const socket = new WebSocket(url, {
    origin: ORIGIN,
    headers: { cookie: customer.cookie() },
    perMessageDeflate,
    maxPayload: MAX_BYTES,
  });
  await once(socket, "open");
  return socket;
}

async function echoes(socket: WebSocket, message: Buffer): Promise<boolean> {
  socket.send(message);
  return (await nextMessage(socket))?.equals(message) ?? false;
}

async function echoesFragments(socket: WebSocket): Promise<boolean> {
  const parts = Array.from({ length: 5 }, (_, index) => Buffer.alloc(30_000, index));
  for (const [index, part] of parts.entries()) {
    socket.send(part, { fin: index === parts.length - 1, binary: true });
    if (index === 2) socket.ping("between");
  }
  return (await nextMessage(socket))?.equals(Buffer.concat(parts)) ?? false;
}

/** Null when the socket closes instead. */
async function nextMessage(socket: WebSocket): Promise<Buffer | null> {
  const asked = new AbortController();
  const { signal } = asked;
  const closed = once(socket, "close", { signal }).then(() => null);
  const message = once(socket, "message", { signal }).then(([data]) => data as Buffer);
  try {
    return socket.readyState === WebSocket.OPEN ? await Promise.race([message, closed]) : null;
  } finally {
    asked.abort();
    await Promise.allSettled([closed, message]);
  }
}
