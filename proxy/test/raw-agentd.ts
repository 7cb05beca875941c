import { once } from "node:events";
import { createServer, type AddressInfo, type Socket } from "node:net";
import { deriveSlotKey, identityProof } from "@automna/service-kit/slot-keys";
import type { TestCustomer } from "./ingress-harness.ts";

/** One request as it came in: its head, and the socket to say anything over. */
export interface RawRequest {
  head: string;
  socket: Socket;
  /** Of the connections in their order, from 0. */
  connection: number;
}

/** Stands where a customer's agent answers, proves its slot, and says else what it is told to, byte for byte. */
export interface RawAgentd extends AsyncDisposable {
  requests: RawRequest[];
  /** All bytes that came after the proofs. */
  received: () => string;
  /** Called for each head. */
  onRequest: (request: RawRequest) => void;
  openConnections: () => number;
}

export async function startRawAgentd(customer: TestCustomer): Promise<RawAgentd> {
  const { slotId, agentId, rootKey, keyGeneration: generation } = customer.backend;
  const proofKey = deriveSlotKey(rootKey, "proof", slotId, generation);
  const sockets = new Set<Socket>();
  let received = "";
  let connections = 0;

  const proofFor = (nonce: string) => {
    const proof = identityProof(proofKey, nonce, slotId, generation, agentId);
    const body = JSON.stringify({ ok: true, status: "live", slotId, generation, agentId, proof });
    return `HTTP/1.1 200 OK\r\ncontent-length: ${body.length}\r\n\r\n${body}`;
  };

  const server = createServer({ noDelay: true }, (socket) => {
    sockets.add(socket);
    socket.on("close", () => sockets.delete(socket)).on("error", () => undefined);
    const connection = connections;
    connections += 1;
    let text = "";
    socket.on("data", (chunk) => {
      text += chunk.toString("latin1");
      const end = text.indexOf("\r\n\r\n");
      const nonce = /^GET \/healthz\?nonce=(\w+) /.exec(text)?.[1];
      if (end === -1) return;
      if (nonce !== undefined) {
        text = text.slice(end + 4);
        socket.write(proofFor(nonce));
        return;
      }
      received += text;
      const head = text.slice(0, end);
      const isRequest = /^[A-Z]+ \//.test(text);
      text = "";
      if (!isRequest) return;
      const request = { head, socket, connection };
      agentd.requests.push(request);
      agentd.onRequest(request);
    });
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  customer.record.port = (server.address() as AddressInfo).port;

  const agentd: RawAgentd = {
    requests: [],
    received: () => received,
    onRequest: ({ socket }) => void socket.write("HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok"),
    openConnections: () => sockets.size,
    async [Symbol.asyncDispose]() {
      for (const socket of sockets) socket.destroy();
      server.close();
      await once(server, "close");
    },
  };
  return agentd;
}
