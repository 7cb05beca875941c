import { connect } from "node:net";
import { once } from "node:events";

const AT_ONCE = 200;
const STATUS_LINE = /HTTP\/1\.1 (\d{3})/g;
const STATUS_LINE_LENGTH = "HTTP/1.1 303".length;

/** Has the ingress look up every user's route: by navigations, which look and forward nothing. Throws when one fails. */
export async function fillRoutes(port: number, count: number, userId: (index: number) => string): Promise<void> {
  const socket = connect(port, "127.0.0.1");
  await once(socket, "connect");
  let answered = 0;
  let asked = 0;
  let unread = "";
  const ask = () => {
    let text = "";
    for (; asked < count && asked - answered < AT_ONCE; asked += 1)
      text += `GET /a/${userId(asked)}/chat HTTP/1.1\r\nhost: x\r\nsec-fetch-dest: document\r\n\r\n`;
    socket.write(text);
  };
  ask();
  for await (const chunk of socket as AsyncIterable<Buffer>) {
    unread += chunk.toString("latin1");
    let readTo = 0;
    for (const { 1: status, index } of unread.matchAll(STATUS_LINE)) {
      if (status !== "303") throw new Error(`a route's look-up was answered with ${status}`);
      answered += 1;
      readTo = index + STATUS_LINE_LENGTH;
    }
    // A status line may come in two parts: one that is missed would be waited for without end.
    unread = unread.slice(Math.max(readTo, unread.length - STATUS_LINE_LENGTH + 1));
    if (answered >= count) break;
    if (asked - answered < AT_ONCE / 2) ask();
  }
  socket.destroy();
  if (answered < count) throw new Error(`the connection ended after ${answered} of ${count} look-ups`);
}
