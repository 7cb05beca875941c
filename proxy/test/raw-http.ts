import { connect } from "node:net";

/** Sends bytes as they are and collects what comes back until the peer closes or `quietMs` pass without bytes. */
export function sendRaw(port: number, bytes: string | Buffer, quietMs = 300): Promise<string> {
  return new Promise((resolve) => {
    const socket = connect(port, "127.0.0.1");
    let answer = "";
    const finish = () => {
      clearTimeout(timer);
      socket.destroy();
      resolve(answer);
    };
    let timer = setTimeout(finish, quietMs * 5);
    socket.on("data", (chunk) => {
      answer += chunk.toString("latin1");
      clearTimeout(timer);
      timer = setTimeout(finish, quietMs);
    });
    socket.on("error", finish).on("close", finish);
    socket.write(bytes, "latin1" as never);
  });
}

/** Status codes of all answers in a raw stream. */
export function statuses(answer: string): number[] {
  return [...answer.matchAll(/HTTP\/1\.1 (\d{3})/g)].map((match) => Number(match[1]));
}
