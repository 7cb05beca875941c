import type { Socket } from "node:net";
import { SECOND_MS, type Clock } from "@automna/core/shared/clock";
import { BackendPool } from "./backend-pool.ts";
import { connectTo } from "./backend-socket.ts";
import type { Backend } from "./route.ts";

export interface BackendConnections {
  /** The HTTP connections to a backend, made when first asked for. */
  pool: (backend: Backend) => BackendPool;
  /** One connection of the caller's own. Throws `backend_unproven`, or what `connect` fails with. */
  open: (backend: Backend) => Promise<Socket>;
  close: () => void;
}

/** Throws unless the other end of a fresh connection is the backend; nothing has been sent over it yet. */
export type BackendProof = (socket: Socket, backend: Backend) => Promise<void>;

const SWEEP_MS = SECOND_MS;

/** Opens connections to backends, each proven before its first use (design D10). */
export function makeBackendConnections(deps: { prove: BackendProof; now: Clock }): BackendConnections {
  const pools = new Map<string, BackendPool>();

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

  const sweep = setInterval(() => {
    for (const [id, pool] of pools) {
      pool.sweep();
      if (pool.isEmpty()) pools.delete(id);
    }
  }, SWEEP_MS);
  sweep.unref();

  return {
    open,
    pool(backend) {
      let pool = pools.get(backend.id);
      if (pool === undefined) pools.set(backend.id, (pool = new BackendPool(() => open(backend), deps.now)));
      return pool;
    },
    close() {
      clearInterval(sweep);
      for (const pool of pools.values()) pool.close();
      pools.clear();
    },
  };
}
