import { once } from "node:events";
import { createServer } from "node:net";

/** Returns whether a port of `host` is free at this moment, by listening on it for an instant. */
export function makePortProbe(host: string): (port: number) => Promise<boolean> {
  return async (port) => {
    const server = createServer();
    try {
      server.listen({ host, port, exclusive: true });
      await once(server, "listening");
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException;
      if (code === "EADDRINUSE" || code === "EACCES") return false;
      throw error;
    }
    server.close();
    await once(server, "close");
    return true;
  };
}
