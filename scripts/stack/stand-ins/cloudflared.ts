// Stands where cloudflared's image stands, on machines without a way to Cloudflare. Like the real one it starts with a readable
// token alone, dials out to what the token names, and lets nobody in; what comes by a tunnel goes to Traefik. Never for production.
import { readFileSync } from "node:fs";
import { createServer } from "node:http";
import { connect } from "node:net";

/** What a token of the stand-in holds, as base64url of JSON. */
interface Token {
  host: string;
  port: number;
  secret: string;
}

const METRICS_PORT = 2_000;
const TRAEFIK = { host: "traefik", port: 8_080 };
/** Tunnels that wait for a visitor. */
const SPARE = 8;
const DIAL_AGAIN_MS = 500;

const token = readFileSync(process.env["TUNNEL_TOKEN_FILE"] ?? "", "utf8").trim();
const { host, port, secret } = JSON.parse(Buffer.from(token, "base64url").toString("utf8")) as Token;
let tunnels = 0;

for (let count = 0; count < SPARE; count += 1) dial();
createServer((_req, res) => res.writeHead(tunnels > 0 ? 200 : 503).end("{}")).listen(METRICS_PORT);
process.on("SIGTERM", () => process.exit(0));
console.log(JSON.stringify({ msg: "a stand-in for cloudflared: its tunnel leads to a test" }));

function dial(): void {
  let isUsed = false;
  const tunnel = connect({ host, port });
  tunnel.on("connect", () => {
    tunnels += 1;
    tunnel.write(`${secret}\n`);
    tunnel.once("close", () => (tunnels -= 1));
  });
  tunnel.once("data", (first: Buffer) => {
    isUsed = true;
    dial();
    tunnel.pause();
    const traefik = connect(TRAEFIK);
    traefik.on("error", () => tunnel.destroy());
    tunnel.on("close", () => traefik.destroy());
    traefik.write(first);
    tunnel.pipe(traefik).pipe(tunnel);
  });
  tunnel.on("error", () => undefined);
  tunnel.once("close", () => {
    if (!isUsed) setTimeout(dial, DIAL_AGAIN_MS);
  });
}
