import { Agent, createServer } from "node:http";
import { createProxyServer } from "http-proxy-3";
import { answerMessages, collectGarbage, settings } from "./child.ts";
import { listen } from "./listen.ts";

const target = `http://127.0.0.1:${(settings() as { port: number }).port}`;
const web = createProxyServer({ target, agent: new Agent({ keepAlive: true, maxSockets: 256 }), xfwd: true });
const sockets = createProxyServer({ target, xfwd: true });
for (const proxy of [web, sockets]) proxy.on("error", () => undefined);
const server = createServer((request, response) => web.web(request, response));
server.on("upgrade", (request, socket, head) => sockets.ws(request, socket, head));
answerMessages(collectGarbage);
await listen(server);
