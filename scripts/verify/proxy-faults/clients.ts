import { once } from "node:events";
import { request as httpRequest, type IncomingMessage } from "node:http";
import { connect, type Socket } from "node:net";
import { WebSocket } from "ws";
import { ORIGIN, type Customer } from "./world.ts";

const HOST = "127.0.0.1";

export interface RawRequest {
  method?: string;
  path: string;
  headers?: readonly string[];
}

/** The text of a request to the customer's agent, head only. */
export function requestHead(customer: Customer, { method = "GET", path, headers = [] }: RawRequest): string {
  const own = [`host: ${new URL(ORIGIN).host}`, `origin: ${ORIGIN}`, `cookie: ${customer.cookie()}`];
  return [`${method} /a/${customer.userId}${path} HTTP/1.1`, ...own, ...headers, "", ""].join("\r\n");
}

export const upgradeHeaders = [
  "connection: Upgrade",
  "upgrade: websocket",
  "sec-websocket-version: 13",
  "sec-websocket-key: AAAAAAAAAAAAAAAAAAAAAA==",
];

/** A connection on which something was said. Half open: it goes on reading after its own end. */
export async function say(port: number, text: string | Buffer): Promise<Socket> {
  const socket = connect({ port, host: HOST, noDelay: true, allowHalfOpen: true });
  socket.on("error", () => undefined);
  await Promise.race([new Promise((resolve) => socket.once("connect", resolve)), gone(socket)]);
  socket.write(text);
  return socket;
}

/** Resolves when the connection is gone, also by a reset. */
export function gone(socket: Socket): Promise<void> {
  return new Promise((resolve) => {
    if (socket.closed) resolve();
    else socket.once("close", () => resolve());
  });
}

/** Resolves with the first bytes of an answer; empty when the connection ended without any. */
export function firstBytes(socket: Socket): Promise<string> {
  return new Promise((resolve) => {
    socket.once("data", (chunk: Buffer) => resolve(chunk.toString("latin1")));
    socket.once("end", () => resolve(""));
    void gone(socket).then(() => resolve(""));
  });
}

/** Who answers, as the agent says it itself: `slot user nonce`; else the status and code of the refusal. */
export async function askWho(port: number, customer: Customer, nonce: string, cookie = customer.cookie()) {
  const path = `/a/${customer.userId}/who?nonce=${nonce}`;
  // A connection of its own: a kept one would count among what the proxy has not let go of.
  const asked = httpRequest({ port, host: HOST, path, headers: { cookie }, agent: false }).end();
  const [response] = (await once(asked, "response")) as [IncomingMessage];
  let text = "";
  for await (const chunk of response) text += String(chunk);
  return { status: response.statusCode ?? 0, text, retryAfter: response.headers["retry-after"] ?? null };
}

/** True when the customer's own agent answered this very question. */
export async function isServed(port: number, customer: Customer, nonce: string): Promise<boolean> {
  const { status, text } = await askWho(port, customer, nonce).catch(() => ({ status: 0, text: "" }));
  return status === 200 && text === `${customer.backend.slot.slotId} ${customer.userId} ${nonce}`;
}

export async function dial(port: number, customer: Customer): Promise<WebSocket> {
  const socket = new WebSocket(`ws://${HOST}:${port}/a/${customer.userId}/ws`, {
    origin: ORIGIN,
    headers: { cookie: customer.cookie() },
    perMessageDeflate: false,
  });
  socket.on("error", () => undefined);
  await Promise.race([
    once(socket, "open"),
    once(socket, "close").then(() => Promise.reject(new Error("the upgrade was refused"))),
  ]);
  return socket;
}

/** The close code, and when it came. */
export async function closing(socket: WebSocket): Promise<{ code: number; atMs: number }> {
  const [code] = (await once(socket, "close")) as [number];
  return { code, atMs: performance.now() };
}
