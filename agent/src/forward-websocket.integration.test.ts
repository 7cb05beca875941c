import { once } from "node:events";
import { createServer, type Server } from "node:http";
import type { AddressInfo, Socket } from "node:net";
import { makeSilentLog } from "@automna/service-kit/log";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { WebSocket, WebSocketServer } from "ws";
import { makeWebSocketForwarder, type WebSocketForwarder } from "./forward-websocket.ts";

const GATE = "x-automna-gate-abc";

describe("a forwarded socket", () => {
  let gateway: Server;
  let front: Server;
  let sockets: WebSocketServer;
  let forwarder: WebSocketForwarder;
  const rawGatewaySockets = new Set<Socket>();

  beforeEach(async () => {
    sockets = new WebSocketServer({ noServer: true });
    gateway = createServer();
    gateway.on("connection", (socket: Socket) => rawGatewaySockets.add(socket));
    gateway.on("upgrade", (request, socket, head) => {
      if (request.headers[GATE] !== "1") return void socket.end("HTTP/1.1 403 Forbidden\r\ncontent-length: 0\r\n\r\n");
      sockets.handleUpgrade(request, socket, head, (webSocket) => sockets.emit("connection", webSocket, request));
    });
    forwarder = makeWebSocketForwarder(makeSilentLog());
    front = createServer();
    front.on("upgrade", (request, socket, head) => {
      const gateHeader = request.url === "/untrusted" ? "x-other" : GATE;
      forwarder.forward({ port: portOf(gateway), gateHeader }, request, socket, head);
    });
    for (const server of [gateway, front]) {
      server.listen(0, "127.0.0.1");
      await once(server, "listening");
    }
  });

  afterEach(async () => {
    forwarder.closeAll();
    for (const socket of rawGatewaySockets) socket.destroy();
    for (const server of [front, gateway]) {
      if (!server.listening) continue;
      server.closeAllConnections();
      server.close();
      await once(server, "close");
    }
  });

  async function connect(path = "/ws"): Promise<{ client: WebSocket; upstream: WebSocket }> {
    const accepted = once(sockets, "connection");
    const client = new WebSocket(`ws://127.0.0.1:${portOf(front)}${path}`);
    await once(client, "open");
    const [upstream] = (await accepted) as [WebSocket];
    return { client, upstream };
  }

  test("carries large messages both ways unchanged, compressed as both sides agreed", async () => {
    const { client, upstream } = await connect();
    upstream.on("message", (data, isBinary) => upstream.send(data, { binary: isBinary }));
    const message = Buffer.alloc(20_000_000, "0123456789abcdef");
    client.send(message);
    const [echo] = (await once(client, "message")) as [Buffer];
    expect(echo.equals(message)).toBe(true);
    client.terminate();
  });

  test("passes on a close with its code and reason, from either side", async () => {
    const first = await connect();
    first.upstream.close(1_012, "service restart");
    const [code, reason] = (await once(first.client, "close")) as [number, Buffer];
    expect([code, reason.toString()]).toEqual([1_012, "service restart"]);
    const second = await connect();
    second.client.close(1_000, "done");
    expect(((await once(second.upstream, "close")) as [number])[0]).toBe(1_000);
    await expect.poll(() => forwarder.count()).toBe(0);
  });

  test("ends one side when the other breaks off", async () => {
    const first = await connect();
    first.client.terminate();
    expect(((await once(first.upstream, "close")) as [number])[0]).toBe(1_006);
    const second = await connect();
    second.upstream.terminate();
    expect(((await once(second.client, "close")) as [number])[0]).toBe(1_006);
    await expect.poll(() => forwarder.count()).toBe(0);
  });

  test("is refused in the platform's words when the gateway refuses or is gone", async () => {
    const statusOf = async (path: string) => {
      const client = new WebSocket(`ws://127.0.0.1:${portOf(front)}${path}`);
      client.on("error", () => undefined);
      const [, answer] = (await once(client, "unexpected-response")) as [unknown, { statusCode: number }];
      return answer.statusCode;
    };
    expect(await statusOf("/untrusted")).toBe(503);
    const port = portOf(gateway);
    gateway.close();
    gateway.closeAllConnections();
    await once(gateway, "close");
    front.removeAllListeners("upgrade");
    front.on("upgrade", (request, socket, head) =>
      forwarder.forward({ port, gateHeader: GATE }, request, socket, head),
    );
    expect(await statusOf("/ws")).toBe(503);
    await expect.poll(() => forwarder.count()).toBe(0);
  });
});

function portOf(server: Server): number {
  return (server.address() as AddressInfo).port;
}
