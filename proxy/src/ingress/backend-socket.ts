import { connect, type Socket } from "node:net";
import { SECOND_MS } from "@automna/core/shared/clock";

const CONNECT_TIMEOUT_MS = 3 * SECOND_MS;
const KEEP_ALIVE_PROBE_MS = 30 * SECOND_MS;

/**
 * All connections are read into this one piece of memory: one is read at a time, and what a read brought is dealt with
 * before the next. Node would otherwise take 64 kB for each read, and give back what was too much.
 */
const shared = Buffer.allocUnsafeSlow(65_536);
const readers = new WeakMap<Socket, (bytes: Buffer) => void>();

/** From now on every read is handed to `onBytes` and not to the stream; the bytes are gone when it returns. */
export function readDirectly(socket: Socket, onBytes: (bytes: Buffer) => void): void {
  readers.set(socket, onBytes);
}

/** A connection to an address, not yet proven. Rejects after 3 s. */
export function connectTo({ host, port }: { host: string; port: number }): Promise<Socket> {
  return new Promise((resolve, reject) => {
    const socket: Socket = connect({
      host,
      port,
      noDelay: true,
      keepAlive: true,
      keepAliveInitialDelay: KEEP_ALIVE_PROBE_MS,
      onread: { buffer: shared, callback: (length) => deliver(socket, length) },
    });
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

/** False stops the reading until the stream asks for more. */
function deliver(socket: Socket, length: number): boolean {
  const read = readers.get(socket);
  if (read === undefined) return socket.push(Buffer.from(shared.subarray(0, length)));
  read(shared.subarray(0, length));
  return true;
}
