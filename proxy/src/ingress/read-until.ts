import type { Socket } from "node:net";

/**
 * Reads a socket until `read` makes something of the bytes so far, then leaves the socket paused with the rest
 * (`end` onwards) unread. Rejects when `read` throws, the peer ends or the deadline passes; it does not close the socket.
 */
export function readUntil<Result extends { end: number }>(
  socket: Socket,
  read: (bytes: Buffer) => Result | null,
  deadlineMs: number,
): Promise<Result> {
  return new Promise((resolve, reject) => {
    let bytes: Buffer = Buffer.alloc(0);
    const stop = () => {
      clearTimeout(deadline);
      socket.off("data", onData).off("error", fail).off("close", onClose).off("end", onClose);
      socket.pause();
    };
    const fail = (error: Error) => {
      stop();
      reject(error);
    };
    const onClose = () => fail(new Error("the backend closed the connection"));
    const onData = (chunk: Buffer) => {
      bytes = bytes.length === 0 ? chunk : Buffer.concat([bytes, chunk]);
      let result: Result | null;
      try {
        result = read(bytes);
      } catch (error) {
        fail(error instanceof Error ? error : new Error("unreadable answer", { cause: error }));
        return;
      }
      if (result === null) return;
      stop();
      if (result.end < bytes.length) socket.unshift(bytes.subarray(result.end));
      resolve(result);
    };
    const deadline = setTimeout(() => fail(new Error("the backend did not answer in time")), deadlineMs);
    socket.on("data", onData).on("error", fail).on("close", onClose).on("end", onClose);
    // A pause of the reader before us would last.
    socket.resume();
  });
}
