import { once } from "node:events";
import { connect, createServer, type AddressInfo, type Server, type Socket } from "node:net";

/** A way to a database that can be cut like a killed server (connections reset, new ones refused) and mended. */
export interface CuttableDatabase {
  url: string;
  cut: () => Promise<void>;
  mend: () => Promise<void>;
}

export async function makeCuttable(databaseUrl: string): Promise<CuttableDatabase> {
  const target = new URL(databaseUrl);
  const sockets = new Set<Socket>();
  const keep = (socket: Socket) => {
    sockets.add(socket);
    socket.on("error", () => socket.destroy()).once("close", () => sockets.delete(socket));
  };
  let server: Server | null = null;
  const open = async (port: number): Promise<number> => {
    const opened = createServer((client) => {
      const upstream = connect(Number(target.port), target.hostname);
      keep(client);
      keep(upstream);
      client.pipe(upstream).pipe(client);
      client.once("close", () => upstream.destroy());
      upstream.once("close", () => client.destroy());
    });
    opened.listen(port, "127.0.0.1");
    await once(opened, "listening");
    server = opened;
    return (opened.address() as AddressInfo).port;
  };
  const port = await open(0);
  const url = new URL(databaseUrl);
  url.host = `127.0.0.1:${port}`;
  return {
    url: url.href,
    async cut() {
      const closing = server;
      server = null;
      closing?.close();
      for (const socket of sockets) socket.resetAndDestroy();
    },
    async mend() {
      await open(port);
    },
  };
}
