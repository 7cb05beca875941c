import { request as httpRequest, type IncomingMessage } from "node:http";
import type { Socket } from "node:net";
import type { Duplex } from "node:stream";
import type { Logger } from "@automna/service-kit/log";
import { refuseUpgrade } from "./answers.ts";
import type { GatewayAddress } from "./gateway-client.ts";
import { customerResponseHeaders, gatewayRequestHeaders } from "./header-rules.ts";

const HANDSHAKE_TIMEOUT_MS = 15_000;

export interface WebSocketForwarder {
  forward(address: GatewayAddress, request: IncomingMessage, client: Duplex, head: Buffer): void;
  /** Sockets that are being forwarded now. */
  count(): number;
  /** Ends all of them. */
  closeAll(): void;
}

/** Joins customers' sockets to the gateway's. Each pair has one owner here: whatever ends one side ends the other. */
export function makeWebSocketForwarder(log: Logger): WebSocketForwarder {
  const clients = new Set<Duplex>();

  function forward(address: GatewayAddress, request: IncomingMessage, client: Duplex, head: Buffer): void {
    clients.add(client);
    client.once("close", () => clients.delete(client));
    // Until the sockets are joined nobody else listens; without a listener an error would end the process.
    client.on("error", () => client.destroy());
    const upgrade = httpRequest({
      host: "127.0.0.1",
      port: address.port,
      path: request.url,
      headers: {
        ...gatewayRequestHeaders(request.headers, address.gateHeader),
        connection: "Upgrade",
        upgrade: "websocket",
      },
      agent: false,
      timeout: HANDSHAKE_TIMEOUT_MS,
    });
    client.once("close", () => upgrade.destroy());
    upgrade.once("timeout", () => upgrade.destroy(new Error("the gateway did not answer the upgrade in time")));
    upgrade.once("error", (error) => {
      if (client.destroyed) return;
      log.warn({ err: error }, "the gateway did not take a socket");
      refuseUpgrade(client, "agent_unavailable");
    });
    upgrade.once("response", (answer) => {
      answer.resume();
      log.warn({ status: answer.statusCode }, "the gateway refused a socket");
      refuseUpgrade(client, "agent_unavailable");
    });
    upgrade.once("upgrade", (answer, gateway, gatewayHead) => {
      client.write(acceptance(answer));
      if (gatewayHead.length > 0) client.write(gatewayHead);
      if (head.length > 0) gateway.write(head);
      join(client, gateway);
    });
    upgrade.end();
  }

  return {
    forward,
    count: () => clients.size,
    closeAll() {
      for (const client of clients) client.destroy();
    },
  };
}

function acceptance(answer: IncomingMessage): string {
  const headers = { ...customerResponseHeaders(answer.headers), connection: "Upgrade", upgrade: "websocket" };
  const lines = Object.entries(headers).flatMap(([name, value]) => [value].flat().map((one) => `${name}: ${one}\r\n`));
  return `HTTP/1.1 101 Switching Protocols\r\n${lines.join("")}\r\n`;
}

function join(client: Duplex, gateway: Socket): void {
  for (const socket of [client, gateway] as Socket[]) {
    // Sockets that come from an HTTP server carry its timeouts.
    socket.setTimeout?.(0);
    socket.setNoDelay?.(true);
  }
  gateway.on("error", () => gateway.destroy());
  // pipe() passes data, back-pressure and the end on; a break is passed on by hand, after what was written went out.
  client.pipe(gateway).pipe(client);
  client.once("close", () => gateway.destroySoon());
  gateway.once("close", () => (client as Socket).destroySoon());
}
