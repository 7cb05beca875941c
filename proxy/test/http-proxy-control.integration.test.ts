import { Agent, createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import httpProxy from "http-proxy";
import { afterAll, beforeAll, expect, test } from "vitest";
import { ORIGIN, startIngress, type IngressHarness } from "./ingress-harness.ts";
import { sendRaw } from "./raw-http.ts";

// ADR 0007: the library that the requirements name, as control. What it lets through is what ours has to refuse.
const seenBehindControl: string[] = [];
let backend: Server;
let control: Server;
let ingress: IngressHarness;
const agent = new Agent({ keepAlive: true });

beforeAll(async () => {
  backend = await listen(
    createServer((request, response) => {
      seenBehindControl.push(`${request.method} ${request.url}`);
      request.resume();
      response.end("ok");
    }),
  );
  const proxy = httpProxy.createProxyServer({ target: `http://127.0.0.1:${portOf(backend)}`, agent });
  proxy.on("error", () => undefined);
  control = await listen(createServer((request, response) => proxy.web(request, response)));
  ingress = await startIngress();
});

afterAll(async () => {
  agent.destroy();
  for (const server of [control, backend]) {
    server.closeAllConnections();
    server.close();
  }
  await ingress[Symbol.asyncDispose]();
});

test.each(["DELETE", "OPTIONS"])(
  "a request hidden in a chunked %s passes http-proxy 1.18.1, and not ours",
  async (method) => {
    const anna = await ingress.addCustomer({ isOpen: true });
    const hidden = "GET /hidden HTTP/1.1\r\nhost: x\r\n\r\n";
    const body = `transfer-encoding: chunked\r\n\r\n${hidden.length.toString(16)}\r\n${hidden}\r\n0\r\n\r\n`;

    seenBehindControl.length = 0;
    await sendRaw(portOf(control), `${method} /x HTTP/1.1\r\nhost: x\r\n${body}`);
    expect(seenBehindControl).toContain("GET /hidden");

    const cookie = `cookie: ${anna.cookie()}\r\n`;
    const target = `/a/${anna.userId}/x`;
    await sendRaw(ingress.port, `${method} ${target} HTTP/1.1\r\nhost: x\r\norigin: ${ORIGIN}\r\n${cookie}${body}`);
    expect(anna.backend.seen.filter(({ url }) => url === "/hidden")).toHaveLength(0);
  },
);

async function listen(server: Server): Promise<Server> {
  await new Promise<void>((resolve) => {
    server.listen(0, "127.0.0.1", resolve);
  });
  return server;
}

function portOf(server: Server): number {
  return (server.address() as AddressInfo).port;
}
