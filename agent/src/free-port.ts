import { createServer } from "node:net";

/** OpenClaw derives ports up to base + 110 from its own (its docs, gateway/multiple-gateways). */
const HIGHEST_BASE = 65_535 - 120;

/** A loopback port that is free now. Another process may still take it: the gateway then fails and is started on a new one. */
export async function findFreePort(): Promise<number> {
  for (;;) {
    const port = await new Promise<number>((resolve, reject) => {
      const server = createServer();
      server.once("error", reject);
      server.listen(0, "127.0.0.1", () => {
        const address = server.address();
        server.close(() => resolve(typeof address === "object" && address !== null ? address.port : 0));
      });
    });
    if (port > 0 && port <= HIGHEST_BASE) return port;
  }
}
