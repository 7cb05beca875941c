import { once } from "node:events";
import { request } from "node:http";
import { connect, createServer, type AddressInfo, type Socket } from "node:net";
import type { ScenarioContext } from "../harness/scenario.ts";

const LOOK_MS = 100;

/** Stands where the edge is: new connections go to the first of these ports that says it is ready. Answers its own port. */
export async function startBalancer(ctx: ScenarioContext, ports: readonly number[]): Promise<number> {
  const open = new Set<Socket>();
  let chosen = ports[0] ?? 0;
  const choose = async () => {
    for (const port of ports) {
      if (!(await isReady(port))) continue;
      chosen = port;
      return;
    }
  };
  const look = setInterval(() => void choose(), LOOK_MS);

  const server = createServer({ noDelay: true }, (client) => {
    const backend = connect({ port: chosen, host: "127.0.0.1", noDelay: true });
    join(client, backend);
    join(backend, client);
    client.pipe(backend);
    backend.pipe(client);
  });
  const join = (one: Socket, other: Socket) => {
    open.add(one);
    one
      .on("error", () => undefined)
      .on("close", () => {
        open.delete(one);
        other.destroy();
      });
  };
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  ctx.onCleanup("close the balancer", async () => {
    clearInterval(look);
    const closed = once(server, "close");
    server.close();
    for (const socket of open) socket.destroy();
    await closed;
  });
  return (server.address() as AddressInfo).port;
}

function isReady(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const asked = request({ port, host: "127.0.0.1", path: "/readyz", agent: false }, (response) => {
      response.resume();
      resolve(response.statusCode === 200);
    });
    asked.on("error", () => resolve(false)).end();
  });
}
