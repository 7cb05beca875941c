import { connect } from "node:net";
import { once } from "node:events";

const AT_ONCE = 200;

/** Has the ingress look up every user's route: by navigations, which look and forward nothing. */
export async function fillRoutes(port: number, count: number, userId: (index: number) => string): Promise<void> {
  const socket = connect(port, "127.0.0.1");
  await once(socket, "connect");
  let answered = 0;
  let asked = 0;
  const ask = () => {
    let text = "";
    for (; asked < count && asked - answered < AT_ONCE; asked += 1)
      text += `GET /a/${userId(asked)}/chat HTTP/1.1\r\nhost: x\r\nsec-fetch-dest: document\r\n\r\n`;
    socket.write(text);
  };
  ask();
  for await (const chunk of socket as AsyncIterable<Buffer>) {
    answered += chunk.toString("latin1").split("HTTP/1.1 303").length - 1;
    if (answered >= count) break;
    if (asked - answered < AT_ONCE / 2) ask();
  }
  socket.destroy();
}
