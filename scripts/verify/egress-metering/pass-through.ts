// A bare pass-through on undici: what the first byte's delay is measured against. Run as a process of its own.
import { createServer } from "node:http";
import { once } from "node:events";
import type { AddressInfo } from "node:net";
import { pipeline } from "node:stream/promises";
import { Pool } from "undici";

const pool = new Pool(process.argv[2] ?? "", { connections: 512 });
const server = createServer((request, response) => {
  const {
    "content-type": contentType = "",
    "anthropic-version": version = "",
    "x-api-key": key = "",
  } = request.headers;
  pool
    .request({
      path: request.url ?? "/",
      method: "POST",
      headers: { "content-type": contentType, "anthropic-version": String(version), "x-api-key": String(key) },
      body: request,
    })
    .then(async (answer) => {
      response.writeHead(answer.statusCode, { "content-type": String(answer.headers["content-type"]) });
      await pipeline(answer.body, response);
    })
    .catch(() => response.destroy());
});
server.listen(0, "127.0.0.1");
await once(server, "listening");
process.on("disconnect", () => process.exit(0));
process.send?.((server.address() as AddressInfo).port);
