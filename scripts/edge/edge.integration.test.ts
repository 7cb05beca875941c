import { once } from "node:events";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import { connect, type AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import { WebSocket, WebSocketServer } from "ws";
import { makeDashboardHandler } from "@automna/dashboard-server/dashboard-files";
import { makeEdgeServer } from "./server.ts";

const folder = mkdtempSync(join(tmpdir(), "automna-edge-"));
let edge: Server;
let api: Server;
let ingress: Server;
let apps: Server;
let seen: IncomingMessage[];
let answerWith: (req: IncomingMessage, res: ServerResponse) => void;

async function listen(server: Server): Promise<URL> {
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return new URL(`http://127.0.0.1:${(server.address() as AddressInfo).port}`);
}
const edgePort = () => (edge.address() as AddressInfo).port;
const url = (path: string) => `http://127.0.0.1:${edgePort()}${path}`;

/** Sends bytes as they are and returns the whole answer. */
async function raw(text: string): Promise<string> {
  const socket = connect(edgePort(), "127.0.0.1");
  socket.write(text);
  let answer = "";
  for await (const chunk of socket) answer += String(chunk);
  return answer;
}

beforeAll(async () => {
  mkdirSync(join(folder, "assets"));
  writeFileSync(
    join(folder, "index.html"),
    '<meta nonce="__CSP_NONCE__"><script nonce="__CSP_NONCE__" src="/assets/x-1.js">',
  );
  writeFileSync(join(folder, "assets/x-1.js"), "1");
  const record = (req: IncomingMessage, res: ServerResponse) => {
    seen.push(req);
    answerWith(req, res);
  };
  api = createServer(record);
  ingress = createServer(record);
  apps = createServer((_req, res) => res.end("an app"));
  new WebSocketServer({ server: ingress }).on("connection", (socket, req) => {
    seen.push(req);
    socket.on("message", (data: Buffer) => socket.send(`echo ${data.toString("utf8")}`));
  });
  edge = makeEdgeServer({
    backends: { api: await listen(api), ingress: await listen(ingress), apps: await listen(apps) },
    appsHostname: "apps.localhost",
    dashboard: makeDashboardHandler(folder),
  });
  await listen(edge);
});
afterAll(() => {
  for (const server of [edge, api, ingress, apps]) {
    server.close();
    server.closeAllConnections();
  }
  rmSync(folder, { recursive: true, force: true });
});
beforeEach(() => {
  seen = [];
  answerWith = (_req, res) => res.end("ok");
});

test("below the apps domain only apps answer, whatever the path and the spelling of the host", async () => {
  for (const host of [
    "shop--ada.apps.localhost:4600",
    "SHOP--ada.Apps.localhost",
    "apps.localhost",
    "x.apps.localhost.",
  ])
    for (const path of ["/", "/api/me", "/a/user_1/x", "/assets/x-1.js"]) {
      const answer = await raw(`GET ${path} HTTP/1.1\r\nHost: ${host}\r\nConnection: close\r\n\r\n`);
      expect(answer.endsWith("an app") || answer.includes("\r\nan app\r\n"), `${host}${path}`).toBe(true);
    }
  expect(seen).toEqual([]);
  expect(await raw("GET /api/x HTTP/1.1\r\nHost: apps.localhost.evil:4600\r\nConnection: close\r\n\r\n")).toContain(
    "ok",
  );
});

test("target and headers arrive as they were sent, doubles and odd encodings included, and nothing is added", async () => {
  const target = "/a/user_1/..%2f%2E%2e//x/./?q=%00&r=a b".replace(" ", "+");
  await raw(
    `GET ${target} HTTP/1.1\r\nHost: localhost:4600\r\nX-Two: 1\r\nx-two: 2\r\nCookie: a=b\r\nConnection: close\r\n\r\n`,
  );
  expect(seen[0]?.url).toBe(target);
  expect(seen[0]?.rawHeaders.slice(0, -2)).toEqual([
    "Host",
    "localhost:4600",
    "X-Two",
    "1",
    "x-two",
    "2",
    "Cookie",
    "a=b",
  ]);
  expect(seen[0]?.rawHeaders.slice(-2)).toEqual(["Connection", "close"]);
});

test("an absolute-form target reaches the service unchanged, so that it can refuse it", async () => {
  await raw("GET http://evil.example/a/user_1 HTTP/1.1\r\nHost: evil.example\r\nConnection: close\r\n\r\n");
  expect(seen[0]?.url).toBe("http://evil.example/a/user_1");
});

test("bodies pass in both directions, also without a known length", async () => {
  answerWith = (req, res) => req.pipe(res);
  const body = new ReadableStream({
    start(controller) {
      controller.enqueue(new TextEncoder().encode("one "));
      controller.enqueue(new TextEncoder().encode("two"));
      controller.close();
    },
  });
  const response = await fetch(url("/api/echo"), { method: "POST", body, duplex: "half" });
  expect(await response.text()).toBe("one two");
});

test("an event stream is passed on event by event, and its end by the browser reaches the service", async () => {
  const { promise: closed, resolve } = Promise.withResolvers<void>();
  answerWith = (_req, res) => {
    res.writeHead(200, { "Content-Type": "text/event-stream" });
    res.flushHeaders();
    setTimeout(() => res.write("data: 1\n\n"), 50);
    res.on("close", resolve);
  };
  const controller = new AbortController();
  const response = await fetch(url("/api/events"), { signal: controller.signal });
  const reader = response.body?.getReader();
  const { value } = (await reader?.read()) ?? {};
  expect(new TextDecoder().decode(value)).toBe("data: 1\n\n");
  controller.abort();
  await closed;
});

test("a WebSocket passes through with its target and headers", async () => {
  const socket = new WebSocket(`ws://127.0.0.1:${edgePort()}/a/user_1/ws?x=%2F`, {
    headers: { Cookie: "__session=t" },
  });
  await once(socket, "open");
  socket.send("hello");
  const [data] = (await once(socket, "message")) as [Buffer];
  expect(String(data)).toBe("echo hello");
  expect(seen[0]?.url).toBe("/a/user_1/ws?x=%2F");
  expect(seen[0]?.headers).toMatchObject({ cookie: "__session=t" });
  expect(seen[0]?.headers).not.toHaveProperty("x-forwarded-for");
  socket.terminate();
});

test("a refused handshake arrives with its status", async () => {
  ingress.removeAllListeners("upgrade");
  ingress.on("upgrade", (_req, socket) => socket.end("HTTP/1.1 401 Unauthorized\r\nContent-Length: 2\r\n\r\nno"));
  const socket = new WebSocket(`ws://127.0.0.1:${edgePort()}/a/user_1/ws`);
  const [error] = (await once(socket, "error")) as [Error];
  expect(error.message).toContain("401");
});

test("every page view gets a nonce of its own that its policy names", async () => {
  const views = await Promise.all([fetch(url("/")), fetch(url("/chat")), fetch(url("/index.html"))]);
  const nonces = await Promise.all(
    views.map(async (view) => {
      const nonce = /script-src 'nonce-([^']+)' 'strict-dynamic';/.exec(
        view.headers.get("content-security-policy") ?? "",
      )?.[1];
      expect(await view.text()).toBe(`<meta nonce="${nonce}"><script nonce="${nonce}" src="/assets/x-1.js">`);
      expect(view.headers.get("cache-control")).toBe("no-store");
      return nonce;
    }),
  );
  expect(new Set(nonces).size).toBe(3);
});

test("the start page comes with its words in it, with a nonce too, and every other address without", async () => {
  const built = mkdtempSync(join(tmpdir(), "automna-edge-landing-"));
  writeFileSync(join(built, "index.html"), "shell");
  writeFileSync(join(built, "landing.html"), '<script nonce="__CSP_NONCE__">words');
  const server = createServer(makeDashboardHandler(built));
  try {
    const { origin } = await listen(server);
    const read = async (path: string) => (await fetch(origin + path)).text();
    expect(await read("/?ref=aaaaaaaaaa")).toMatch(/^<script nonce="[\w+/=]{24}">words$/);
    expect(await read("/landing.html")).not.toContain("__CSP_NONCE__");
    expect(await read("/dashboard")).toBe("shell");
  } finally {
    server.close();
    rmSync(built, { recursive: true });
  }
});

test("hashed files are kept for good, missing ones are not found", async () => {
  const asset = await fetch(url("/assets/x-1.js"));
  expect(asset.headers.get("cache-control")).toContain("immutable");
  expect(asset.headers.get("x-content-type-options")).toBe("nosniff");
  expect((await fetch(url("/assets/x-2.js"))).status).toBe(404);
  expect((await fetch(url("/"), { method: "POST" })).status).toBe(405);
  expect(await raw("GET /../../etc/passwd HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")).not.toContain("root:");
});

test("a service that is down is said so: to programs in the platform's words, to a person with a page that tries again", async () => {
  api.close();
  api.closeAllConnections();
  await once(api, "close");
  const forProgram = await fetch(url("/api/me"));
  expect(forProgram.status).toBe(502);
  expect(forProgram.headers.get("retry-after")).toBe("2");
  expect(await forProgram.json()).toMatchObject({ error: { code: "service_unavailable" } });
  const forPerson = await fetch(url("/api/identity/local/start"), { headers: { Accept: "text/html,*/*" } });
  expect(await forPerson.text()).toContain("One moment");
});
