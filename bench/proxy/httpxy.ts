import { Agent, createServer } from "node:http";
import { createProxyServer } from "httpxy";
import { answerMessages, collectGarbage, settings } from "./child.ts";
import { listen } from "./listen.ts";

const target = `http://127.0.0.1:${(settings() as { port: number }).port}`;
const web = createProxyServer({ target, agent: new Agent({ keepAlive: true, maxSockets: 256 }), xfwd: true });
// With an agent its upgrades would stay in the agent's hands.
const sockets = createProxyServer({ target, xfwd: true });
const server = createServer((request, response) => {
  web.web(request, response).catch(() => response.destroy());
});
server.on("upgrade", (request, socket, head) => {
  sockets.ws(request, socket as never, {}, head).catch(() => socket.destroy());
});
answerMessages(collectGarbage);
await listen(server);
