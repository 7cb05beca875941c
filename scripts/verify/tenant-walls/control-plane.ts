import { once } from "node:events";
import { connect, createServer, type Server, type Socket } from "node:net";
import { startTestRedis } from "@automna/testkit/redis";
import { ensureRedis } from "../../ensure-redis.ts";
import type { ScenarioContext } from "../harness/scenario.ts";
import type { Place } from "./place.ts";
import type { Probe } from "./probe.ts";

export interface Door {
  /** What stands behind it. */
  name: string;
  port: number;
  /** What the attacker sends, and what only the real one answers. */
  send: string;
  answer: string;
}

/** The platform's own services and stores, on the private network's address where their port is open. */
export interface ControlPlane {
  host: string;
  doors: readonly Door[];
  /** Connections that came in at the doors so far. */
  callers: () => number;
  /** As production has it: each listens on its own network, and nothing leads there from the nodes'. */
  close: () => Promise<void>;
  open: () => Promise<void>;
}

const http = (path: string) => `GET ${path} HTTP/1.1%nHost: private%nConnection: close%n%n`;

/** Puts a door to each of them on the wire, as a careless operator would publish their ports. */
export async function openControlPlane(ctx: ScenarioContext, { installation }: Place): Promise<ControlPlane> {
  const { product, cell } = installation;
  const host = cell.lab.network.hostAddress;
  const problem = await ensureRedis();
  ctx.must(problem === null, "a Redis can be started here", problem ?? undefined);
  const redis = await startTestRedis();
  ctx.onCleanup("stop Redis", () => redis.remove());
  const redisNonce = ctx.random.hex(32);
  await sendOnce(Number(new URL(redis.url).port), `SET planted ${redisNonce}\r\n`);

  const { services, postgres } = product.instance();
  const portOf = (name: string) => Number(new URL(services[name]?.url ?? "").port);
  const wanted = [
    { name: "the api", to: portOf("api"), send: http("/api/agents"), answer: "HTTP/1.1" },
    { name: "ingress", to: portOf("ingress"), send: http("/a/x"), answer: "HTTP/1.1" },
    { name: "the provisioner", to: portOf("provisioner"), send: http("/healthz"), answer: "HTTP/1.1 200" },
    { name: "Postgres", to: postgres.port, send: startupMessage("automna_api", "automna"), answer: "SCRAM-SHA-256" },
    { name: "Redis", to: Number(new URL(redis.url).port), send: "GET planted%nQUIT%n", answer: redisNonce },
  ];
  const doors = await Promise.all(wanted.map((each) => makeDoor(host, each)));
  ctx.onCleanup("close the doors", () => Promise.all(doors.map((door) => door.close())));
  return {
    host,
    doors: doors.map(({ name, port, send, answer }) => ({ name, port, send, answer })),
    callers: () => doors.reduce((sum, door) => sum + door.callers(), 0),
    close: async () => void (await Promise.all(doors.map((door) => door.close()))),
    open: async () => void (await Promise.all(doors.map((door) => door.open()))),
  };
}

export function probeDoor({ host }: ControlPlane, { name, port, send }: Door): Probe {
  return { name, kind: "tcp", host, port, send };
}

async function makeDoor(host: string, { to, ...rest }: Omit<Door, "port"> & { to: number }) {
  const sockets = new Set<Socket>();
  let server: Server | null = null;
  let callers = 0;
  let port = 0;
  const open = async () => {
    server = createServer((socket) => {
      callers += 1;
      const far = connect(to, "127.0.0.1");
      for (const each of [socket, far]) {
        sockets.add(each);
        each.on("error", () => each.destroy()).on("close", () => sockets.delete(each));
      }
      socket.pipe(far).pipe(socket);
    }).listen(port, host);
    await once(server, "listening");
    const address = server.address();
    if (typeof address === "object" && address !== null) ({ port } = address);
  };
  const close = async () => {
    for (const socket of sockets) socket.destroy();
    const closing = server;
    server = null;
    if (closing !== null) await new Promise((resolve) => closing.close(resolve));
  };
  await open();
  return { ...rest, port, callers: () => callers, open, close };
}

/** Protocol 3.0's first message. */
function startupMessage(user: string, database: string): string {
  const body = Buffer.from(`\0\x03\0\0user\0${user}\0database\0${database}\0\0`, "latin1");
  const length = Buffer.alloc(4);
  length.writeInt32BE(body.length + 4);
  return Buffer.concat([length, body]).toString("latin1");
}

async function sendOnce(port: number, text: string): Promise<void> {
  const socket = connect(port, "127.0.0.1");
  socket.write(text);
  await once(socket, "data");
  socket.destroy();
}
