// Stands where Traefik's image stands, on machines that can have none: reads the same static configuration, asks the same socket
// proxy for the same labels, and routes by them (../traefik). It says so in its log. Never for production.
import { readFileSync } from "node:fs";
import { createServer, request, type IncomingMessage } from "node:http";
import type { Duplex } from "node:stream";
import { parse } from "yaml";
import { forwardHttp } from "../../edge/forward-http.ts";
import { forwardUpgrade } from "../../edge/forward-upgrade.ts";
import { chooseRouter, toRouter, type Router } from "../traefik/routers.ts";

interface StaticConfiguration {
  entryPoints: { web: { address: string }; health: { address: string } };
  providers: { swarm: { endpoint: string; network: string } };
}
interface Service {
  ID: string;
  Spec: { Labels: Record<string, string> | null };
}
interface Task {
  ServiceID: string;
  Status: { State: string };
  NetworksAttachments?: { Network: { Spec: { Name: string } }; Addresses: string[] }[];
}
/** A router with the addresses that may get its requests. */
interface Route extends Router {
  backends: URL[];
  next: number;
}

/** Traefik's own 15 s would be waiting for nothing else. */
const REFRESH_MS = 1_000;
const PROBE_TIMEOUT_MS = 2_000;
const CONFIGURATION = "/etc/traefik/traefik.yml";
const BAD_GATEWAY = "HTTP/1.1 502 Bad Gateway\r\nConnection: close\r\nContent-Length: 0\r\n\r\n";
const NOT_FOUND = "HTTP/1.1 404 Not Found\r\nConnection: close\r\nContent-Length: 0\r\n\r\n";

const configuration = parse(readFileSync(CONFIGURATION, "utf8")) as StaticConfiguration;
const portOf = ({ address }: { address: string }) => Number(address.replace(/^.*:/, ""));
const { web, health } = configuration.entryPoints;

const { endpoint, network } = configuration.providers.swarm;
const dockerUrl = endpoint.replace(/^tcp:/, "http:");
let routes: Route[] = [];
console.log(JSON.stringify({ msg: "a stand-in for Traefik, which this machine can't have", endpoint, network }));

const choose = (req: IncomingMessage): Route | null => {
  const host = (req.headers.host ?? "").replace(/:\d*$/, "");
  const [path = "/"] = (req.url ?? "/").split(/[?#]/);
  return chooseRouter(routes, { host, path });
};
const backendOf = (route: Route): URL | null => {
  route.next += 1;
  return route.backends[route.next % route.backends.length] ?? null;
};
/** What Traefik adds to every request. */
const addForwarded = (req: IncomingMessage) => {
  req.rawHeaders.push("X-Forwarded-For", req.socket.remoteAddress ?? "", "X-Forwarded-Proto", "http");
  req.rawHeaders.push("X-Forwarded-Host", req.headers.host ?? "");
};

const edge = createServer((req, res) => {
  const route = choose(req);
  const backend = route === null ? null : backendOf(route);
  if (backend === null) {
    res.writeHead(route === null ? 404 : 503, { "Content-Type": "text/plain" }).end("no service\n");
    return;
  }
  addForwarded(req);
  forwardHttp(req, res, backend, () => res.writeHead(502).end("Bad Gateway\n"));
});
edge.on("upgrade", (req: IncomingMessage, socket: Duplex, head: Buffer) => {
  const route = choose(req);
  const backend = route === null ? null : backendOf(route);
  addForwarded(req);
  if (backend === null) socket.end(NOT_FOUND);
  else forwardUpgrade(req, socket, head, backend, BAD_GATEWAY);
});
edge.listen(portOf(web));
createServer((_req, res) => res.end("OK")).listen(portOf(health));
process.on("SIGTERM", () => process.exit(0));

for (;;) {
  await refresh().catch((error: unknown) =>
    console.error(JSON.stringify({ msg: "labels can't be read", error: String(error) })),
  );
  await new Promise((resolve) => setTimeout(resolve, REFRESH_MS));
}

async function refresh(): Promise<void> {
  const [services, tasks] = [(await docker("/services")) as Service[], (await docker("/tasks")) as Task[]];
  routes = await Promise.all(
    services.flatMap(({ ID, Spec }) => {
      const router = toRouter(Spec.Labels ?? {});
      return router === null
        ? []
        : [
            toRoute(
              router,
              tasks.filter(({ ServiceID }) => ServiceID === ID),
            ),
          ];
    }),
  );
}

async function docker(path: string): Promise<unknown> {
  const answer = await fetch(dockerUrl + path);
  if (!answer.ok) throw new Error(`${path}: ${answer.status}`);
  return answer.json();
}

async function toRoute(router: Router, tasks: readonly Task[]): Promise<Route> {
  const urls = tasks
    .filter(({ Status }) => Status.State === "running")
    .flatMap(({ NetworksAttachments = [] }) => NetworksAttachments)
    .filter(({ Network }) => Network.Spec.Name === network)
    .flatMap(({ Addresses }) =>
      Addresses.map((address) => new URL(`http://${address.replace(/\/\d+$/, "")}:${router.port}`)),
    );
  const well = await Promise.all(urls.map((url) => isWell(url, router.healthPath)));
  return { ...router, backends: urls.filter((_, index) => well[index]), next: 0 };
}

function isWell(url: URL, path: string | null): Promise<boolean> {
  if (path === null) return Promise.resolve(true);
  return new Promise((resolve) => {
    const asked = request(
      { host: url.hostname, port: url.port, path, agent: false, timeout: PROBE_TIMEOUT_MS },
      (answer) => {
        answer.resume();
        resolve(answer.statusCode === 200);
      },
    );
    asked.on("timeout", () => asked.destroy());
    asked.on("error", () => resolve(false));
    asked.end();
  });
}
