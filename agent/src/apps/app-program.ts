/**
 * Serves what the agent has published. Runs as the gateway's user, the only one who may read the volume; agentd starts it
 * when somebody asks for an app, tells it in one line of JSON on stdin what to do, and ends it by closing stdin.
 */
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { realpath } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { createInterface } from "node:readline";
import { once } from "node:events";
import { timingSafeEqual } from "node:crypto";
import { isAppName } from "@automna/core/apps/app-name";
import send from "send";
import { findAppFile } from "./find-app-file.ts";
import { isProcessApp, listApps } from "./list-apps.ts";

/** First line on stdin. */
export interface AppProgramRequest {
  appsDir: string;
  /** Opens the port: other processes of this machine can reach it too. */
  token: string;
  listMax: number;
}

export const TOKEN_HEADER = "x-automna-apps";
export const LIST_PATH = "/list";
export const FILES_PREFIX = "/files/";
const FILE_PATH = /^\/files\/([^/?]+)(\/[^?]*)$/;

async function answer(wish: AppProgramRequest, request: IncomingMessage, response: ServerResponse): Promise<void> {
  const { url = "" } = request;
  if (!opens(request.headers[TOKEN_HEADER], wish.token)) return end(response, 401);
  if (url === LIST_PATH) {
    const text = JSON.stringify({ apps: await listApps(wish.appsDir, wish.listMax) });
    response.setHeader("content-type", "application/json").end(text);
    return;
  }
  const [, name = "", path = ""] = FILE_PATH.exec(url) ?? [];
  const appDir = join(wish.appsDir, name);
  if (!isAppName(name) || (await isProcessApp(appDir))) return end(response, 404);
  const found = await findAppFile(appDir, path);
  if (found.kind === "none") return end(response, 404);
  if (found.kind === "folder") {
    response.setHeader("location", `${path}/`);
    return end(response, 308);
  }
  const escaped = found.relativePath.split("/").map(encodeURIComponent).join("/");
  send(request, escaped, { root: found.root, dotfiles: "deny", index: false, cacheControl: false })
    .on("error", (error: { status?: number }) => {
      if (response.headersSent) response.destroy();
      else end(response, error.status ?? 500);
    })
    .pipe(response);
}

function end(response: ServerResponse, status: number): void {
  response.statusCode = status;
  response.setHeader("content-type", "text/plain; charset=utf-8").end(status === 404 ? "There is nothing here.\n" : "");
}

function opens(given: string | string[] | undefined, token: string): boolean {
  const [left, right] = [Buffer.from(String(given)), Buffer.from(token)];
  return left.length === right.length && timingSafeEqual(left, right);
}

if (import.meta.main) {
  const lines = createInterface({ input: process.stdin });
  const [line] = (await once(lines, "line")) as [string];
  const told = JSON.parse(line) as AppProgramRequest;
  // The volume's own place may be a link, which is the platform's business; from there on links are the agent's.
  const wish = { ...told, appsDir: join(await realpath(dirname(told.appsDir)), basename(told.appsDir)) };
  const server = createServer({ requestTimeout: 60_000, keepAliveTimeout: 30_000 }, (request, response) => {
    answer(wish, request, response).catch(() => {
      if (response.headersSent) response.destroy();
      else end(response, 500);
    });
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  process.stdout.write(`${JSON.stringify({ port: (server.address() as AddressInfo).port })}\n`);
  lines.on("close", () => process.exit(0));
}
