import type { Socket } from "node:net";
import { MINUTE_MS, SECOND_MS, type Clock } from "@automna/core/shared/clock";
import { BackendConnection } from "./backend-connection.ts";

/** Somebody who wants to send a request. */
export interface ConnectionWaiter {
  /** Called once, at once when a connection is free. */
  onConnection: (connection: BackendConnection) => void;
  onNoConnection: (error: Error) => void;
}

/** A user may have so many requests under way at one agent; further ones wait for a connection. */
const CONNECTIONS_MAX = 256;
/** OpenClaw's first byte may wait for a model; agentd answers for it when it is down. */
const HEAD_MS = 2 * MINUTE_MS;
/** Event streams say something at least every half minute. */
const SILENCE_MS = 10 * MINUTE_MS;
/** Node's own default is 5 s, and whoever closes later says so. */
const KEEP_ALIVE_MS = 4 * SECOND_MS;
/** Whatever a backend promises: what nobody uses is closed. */
const KEEP_ALIVE_MAX_MS = MINUTE_MS;

/** The HTTP connections to one backend. The last one that was free is the next to be used; the others go. */
export class BackendPool {
  readonly #open: () => Promise<Socket>;
  readonly #now: Clock;
  readonly #all = new Set<BackendConnection>();
  readonly #free: BackendConnection[] = [];
  readonly #waiting: ConnectionWaiter[] = [];
  #opening = 0;
  #isClosed = false;

  /** `open` answers a proven connection of which nothing is unread. */
  constructor(open: () => Promise<Socket>, now: Clock) {
    this.#open = open;
    this.#now = now;
  }

  acquire(waiter: ConnectionWaiter): void {
    if (this.#isClosed) {
      waiter.onNoConnection(new Error("the proxy stops"));
      return;
    }
    for (let free = this.#free.pop(); free !== undefined; free = this.#free.pop()) {
      if (this.#isFresh(free)) {
        waiter.onConnection(free);
        return;
      }
      free.destroy();
    }
    this.#waiting.push(waiter);
    this.#openMore();
  }

  /** Whoever waits no longer. */
  leave(waiter: ConnectionWaiter): void {
    const at = this.#waiting.indexOf(waiter);
    if (at !== -1) this.#waiting.splice(at, 1);
  }

  isEmpty(): boolean {
    return this.#all.size === 0 && this.#opening === 0 && this.#waiting.length === 0;
  }

  /** Ends what has been silent or unused for too long; call now and then. */
  sweep(): void {
    for (const connection of this.#all) {
      if (!connection.isBusy()) {
        if (!this.#isFresh(connection)) connection.destroy();
      } else if (this.#isSilent(connection)) {
        connection.socket.destroy(new Error("the backend has been silent for too long"));
      }
    }
  }

  close(): void {
    this.#isClosed = true;
    for (const connection of this.#all) connection.socket.destroy();
    for (const waiter of this.#waiting.splice(0)) waiter.onNoConnection(new Error("the proxy stops"));
  }

  onFree(connection: BackendConnection): void {
    const next = this.#waiting.shift();
    connection.keep();
    if (next === undefined) this.#free.push(connection);
    else next.onConnection(connection);
  }

  onGone(connection: BackendConnection): void {
    this.#all.delete(connection);
    const at = this.#free.indexOf(connection);
    if (at !== -1) this.#free.splice(at, 1);
    this.#openMore();
  }

  #isFresh(connection: BackendConnection): boolean {
    const seconds = connection.keepAliveS();
    // A second early: the backend closes at its own, and a request that is then on its way is lost.
    const keepMs = seconds === null ? KEEP_ALIVE_MS : Math.min((seconds - 1) * SECOND_MS, KEEP_ALIVE_MAX_MS);
    return this.#now() - connection.activeAtMs < keepMs;
  }

  #isSilent(connection: BackendConnection): boolean {
    // A head that drips is as late as one that does not come.
    if (connection.isWaitingForHead()) return this.#now() - connection.sentAtMs > HEAD_MS;
    // Unread by us is not unsaid by the agent: then the caller is slow.
    return this.#now() - connection.activeAtMs > SILENCE_MS && !connection.socket.isPaused();
  }

  #openMore(): void {
    if (this.#isClosed) return;
    if (this.#opening >= this.#waiting.length || this.#all.size + this.#opening >= CONNECTIONS_MAX) return;
    this.#opening += 1;
    this.#open().then(
      (socket) => this.#opened(socket),
      (error: unknown) => this.#failed(error instanceof Error ? error : new Error("no connection", { cause: error })),
    );
  }

  #opened(socket: Socket): void {
    this.#opening -= 1;
    if (this.#isClosed) {
      socket.destroy();
      return;
    }
    const connection = new BackendConnection(socket, this, this.#now);
    this.#all.add(connection);
    const next = this.#waiting.shift();
    // Whoever wanted it has left, or got another.
    if (next === undefined) connection.destroy();
    else next.onConnection(connection);
  }

  /** One attempt has failed, and the one who waited longest learns it. */
  #failed(error: Error): void {
    this.#opening -= 1;
    this.#waiting.shift()?.onNoConnection(error);
    this.#openMore();
  }
}
