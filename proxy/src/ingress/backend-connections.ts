import { connect, type Socket } from "node:net";
import { MINUTE_MS, SECOND_MS, type Clock } from "@automna/core/shared/clock";
import { Pool } from "undici";
import type { Backend } from "./route.ts";

export interface BackendConnections {
  /** The HTTP connections to a backend, made when first asked for. */
  pool: (backend: Backend) => Pool;
  /** One connection of the caller's own. Throws `backend_unproven`, or what `connect` fails with. */
  open: (backend: Backend) => Promise<Socket>;
  close: () => Promise<void>;
}

/** Throws unless the other end of a fresh connection is the backend; nothing has been sent over it yet. */
export type BackendProof = (socket: Socket, backend: Backend) => Promise<void>;

const CONNECT_TIMEOUT_MS = 3 * SECOND_MS;
const KEEP_ALIVE_PROBE_MS = 30 * SECOND_MS;
/** A user may have so many requests under way at one agent; further ones wait for a connection. */
const CONNECTIONS_MAX = 256;
/** OpenClaw's first byte may wait for a model; agentd answers for it when it is down. */
const FIRST_BYTE_TIMEOUT_MS = 2 * MINUTE_MS;
/** Event streams send something at least every half minute. */
const SILENCE_TIMEOUT_MS = 10 * MINUTE_MS;
const UNUSED_MS = 5 * MINUTE_MS;

/** Opens connections to backends, each proven before its first use (design D10). */
export function makeBackendConnections(deps: { prove: BackendProof; now: Clock }): BackendConnections {
  const pools = new Map<string, { pool: Pool; usedAtMs: number }>();

  const open = async (backend: Backend) => {
    const socket = await connectTo(backend);
    try {
      await deps.prove(socket, backend);
      return socket;
    } catch (error) {
      socket.destroy();
      throw error;
    }
  };

  const makePool = (backend: Backend) =>
    new Pool(`http://${backend.host}:${backend.port}`, {
      connections: CONNECTIONS_MAX,
      // Pipelined requests of one connection would wait for each other's streams.
      pipelining: 1,
      headersTimeout: FIRST_BYTE_TIMEOUT_MS,
      bodyTimeout: SILENCE_TIMEOUT_MS,
      connect(_options, done) {
        void open(backend).then(
          // oxlint-disable-next-line promise/no-callback-in-promise -- undici's connector is callback-style
          (socket) => done(null, socket),
          // oxlint-disable-next-line promise/no-callback-in-promise -- undici's connector is callback-style
          (error: Error) => done(error, null),
        );
      },
    });

  const sweep = setInterval(() => {
    for (const [id, entry] of pools) {
      if (deps.now() - entry.usedAtMs < UNUSED_MS || entry.pool.stats.size > 0) continue;
      pools.delete(id);
      void entry.pool.destroy();
    }
  }, MINUTE_MS);
  sweep.unref();

  return {
    open,
    pool(backend) {
      const known = pools.get(backend.id);
      if (known !== undefined) {
        known.usedAtMs = deps.now();
        return known.pool;
      }
      const pool = makePool(backend);
      pools.set(backend.id, { pool, usedAtMs: deps.now() });
      return pool;
    },
    async close() {
      clearInterval(sweep);
      const closing = [...pools.values()].map(({ pool }) => pool.destroy());
      pools.clear();
      await Promise.all(closing);
    },
  };
}

function connectTo({ host, port }: Backend): Promise<Socket> {
  return new Promise((resolve, reject) => {
    const socket = connect({ host, port, noDelay: true, keepAlive: true, keepAliveInitialDelay: KEEP_ALIVE_PROBE_MS });
    // Between its owners a socket has no other listener, and an unheard error ends the process.
    socket.on("error", () => undefined);
    const settle = (error?: Error) => {
      clearTimeout(deadline);
      socket.off("connect", connected).off("error", settle);
      if (error === undefined) resolve(socket);
      else {
        socket.destroy();
        reject(error);
      }
    };
    const connected = () => settle();
    const deadline = setTimeout(
      () => settle(new Error("the backend could not be reached in time")),
      CONNECT_TIMEOUT_MS,
    );
    socket.on("connect", connected).on("error", settle);
  });
}
