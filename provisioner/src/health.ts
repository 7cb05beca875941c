import { once } from "node:events";
import { createServer, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import type { Database } from "@automna/records/database";

const DATABASE_DEADLINE_MS = 2_000;

export interface HealthServer {
  port: number;
  close: () => Promise<void>;
}

/** GET /healthz: 200 while the provisioner runs and reaches its database, else 503. */
export async function startHealthServer(
  { host, port }: { host: string; port: number },
  db: Database,
): Promise<HealthServer> {
  const server: Server = createServer((request, response) => {
    if (request.url !== "/healthz") {
      response.writeHead(404).end();
      return;
    }
    void answerHealth(response, db);
  });
  server.listen(port, host);
  await once(server, "listening");
  return {
    port: (server.address() as AddressInfo).port,
    async close() {
      const closed = new Promise((resolve) => server.close(resolve));
      server.closeAllConnections();
      await closed;
    },
  };
}

async function answerHealth(response: ServerResponse, db: Database): Promise<void> {
  const ok = await canReach(db);
  response.writeHead(ok ? 200 : 503, { "content-type": "application/json" }).end(JSON.stringify({ ok }));
}

async function canReach(db: Database): Promise<boolean> {
  const timer = Promise.withResolvers<false>();
  const timeout = setTimeout(() => timer.resolve(false), DATABASE_DEADLINE_MS);
  const answer = db.$queryRaw`SELECT 1`.then(
    () => true,
    () => false,
  );
  try {
    return await Promise.race([answer, timer.promise]);
  } finally {
    clearTimeout(timeout);
  }
}
