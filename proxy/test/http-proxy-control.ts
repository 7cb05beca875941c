import { once } from "node:events";
import { Agent, createServer, type IncomingMessage, type Server, type ServerOptions } from "node:http";
import type { AddressInfo } from "node:net";
import { INTERNAL_HEADER } from "@automna/contract/headers";
import httpProxy from "http-proxy";

/** Someone whose requests the control forwards. */
export interface ControlTenant {
  cookie: string;
  port: number;
  internalKey: string;
}

/** http-proxy 1.18.1 as one would first write it: a prefix, a cookie, a target. Unsafe on purpose. */
export interface HttpProxyControl {
  port: number;
  tenants: Map<string, ControlTenant>;
  close: () => Promise<void>;
}

export interface HttpProxyControlOptions {
  /** Node's parser as it was for years, without limits and deadlines; else as it is by default. */
  isLenient?: boolean;
  /** False: upgrades are requests like any other, as where nobody thought of them. */
  hasUpgrades?: boolean;
}

const lenient: ServerOptions = {
  insecureHTTPParser: true,
  requireHostHeader: false,
  maxHeaderSize: 4 * 1024 * 1024,
  headersTimeout: 0,
  requestTimeout: 0,
  keepAliveTimeout: 0,
};

export async function startHttpProxyControl({
  isLenient = false,
  hasUpgrades = true,
}: HttpProxyControlOptions = {}): Promise<HttpProxyControl> {
  const tenants: HttpProxyControl["tenants"] = new Map();
  const agent = new Agent({ keepAlive: true });
  const proxy = httpProxy.createProxyServer({});
  proxy.on("error", (_error, _request, response) => void response.destroy());

  const find = (request: IncomingMessage) => {
    const [, userId = "", rest = ""] = /\/a\/([^/?]+)(.*)$/.exec(request.url ?? "") ?? [];
    const tenant = tenants.get(userId);
    if (tenant === undefined || !(request.headers.cookie ?? "").includes(tenant.cookie)) return null;
    request.url = rest === "" ? "/" : rest;
    return { target: `http://127.0.0.1:${tenant.port}`, headers: { [INTERNAL_HEADER]: tenant.internalKey } };
  };

  const server = createServer(isLenient ? lenient : {}, (request, response) => {
    const found = find(request);
    if (found === null) {
      response.writeHead(404).end();
      return;
    }
    try {
      proxy.web(request, response, { ...found, agent });
    } catch {
      // What it throws at it would otherwise throw at the process.
      response.destroy();
    }
  });
  if (isLenient) server.maxHeadersCount = 0;
  if (hasUpgrades) {
    server.on("upgrade", (request, socket, head) => {
      socket.on("error", () => socket.destroy());
      const found = find(request);
      if (found === null) socket.destroy();
      else proxy.ws(request, socket, head, found);
    });
  }
  server.on("clientError", (_error, socket) => socket.destroy());
  await listen(server);
  return {
    port: (server.address() as AddressInfo).port,
    tenants,
    async close() {
      agent.destroy();
      proxy.close();
      const closed = once(server, "close");
      server.close();
      server.closeAllConnections();
      await closed;
    },
  };
}

async function listen(server: Server): Promise<void> {
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
}
