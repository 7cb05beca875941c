import { once } from "node:events";
import type { AddressInfo, Server } from "node:net";
import { reportReady } from "./child.ts";

/** The last step of a measured process. */
export async function listen(server: Server): Promise<void> {
  server.listen({ port: 0, host: "127.0.0.1", backlog: 4_096 });
  await once(server, "listening");
  reportReady({ port: (server.address() as AddressInfo).port });
}
