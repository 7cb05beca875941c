import { connect, type Socket } from "node:net";
import { ORIGIN, type Customer } from "./world.ts";

/** One answer, with the moment at which it was asked for. */
export interface Reply {
  customer: Customer;
  nonce: string;
  askedAt: number;
  status: number;
  body: string;
}

const HEAD_END = "\r\n\r\n";
/** Tokens live 5 minutes; a lane makes new ones before. */
const COOKIE_MS = 120_000;

export interface Lane {
  /** Asks one question after the other until `next` answers null. Resolves when it is done. */
  run: (next: () => Customer | null, onReply: (reply: Reply) => void) => Promise<void>;
}

/** A kept connection that asks who answers, and opens itself anew when it was closed. Cheap: it shares the machine with what it asks. */
export function makeLane(port: number, name: string): Lane {
  const cookies = new Map<string, { text: string; madeAt: number }>();
  let count = 0;

  const cookieOf = (customer: Customer, now: number) => {
    const known = cookies.get(customer.userId);
    if (known !== undefined && now - known.madeAt < COOKIE_MS) return known.text;
    const made = { text: customer.cookie(), madeAt: now };
    cookies.set(customer.userId, made);
    return made.text;
  };

  const ask = async (socket: Socket, customer: Customer): Promise<Reply> => {
    count += 1;
    const nonce = `${name}x${count}`;
    const askedAt = performance.now();
    const { host } = new URL(ORIGIN);
    const answered = readAnswer(socket);
    socket.write(
      `GET /a/${customer.userId}/who?nonce=${nonce} HTTP/1.1\r\nhost: ${host}\r\ncookie: ${cookieOf(customer, askedAt)}\r\n\r\n`,
    );
    return { customer, nonce, askedAt, ...(await answered) };
  };

  return {
    async run(next, onReply) {
      let socket: Socket | null = null;
      for (let customer = next(); customer !== null; customer = next()) {
        if (socket === null || socket.destroyed) socket = await open(port);
        onReply(await ask(socket, customer));
        if (isLast.has(socket)) socket.destroy();
      }
      socket?.destroy();
    },
  };
}

async function open(port: number): Promise<Socket> {
  const socket = connect({ port, host: "127.0.0.1", noDelay: true });
  socket.on("error", () => undefined);
  await new Promise((resolve) => socket.once("connect", resolve).once("close", resolve));
  return socket;
}

/** Connections whose last answer said so (RFC 9112, 9.6). */
const isLast = new WeakSet<Socket>();

/** Reads one answer with a stated length; status 0 when the connection ended before. */
function readAnswer(socket: Socket): Promise<{ status: number; body: string }> {
  return new Promise((resolve) => {
    let text = "";
    const finish = (status: number, body: string) => {
      socket.off("data", onData).off("close", onClose);
      resolve({ status, body });
    };
    const onClose = () => finish(0, "");
    const onData = (chunk: Buffer) => {
      text += chunk.toString("latin1");
      const end = text.indexOf(HEAD_END);
      if (end === -1) return;
      const length = Number(/\r\ncontent-length: (\d+)/i.exec(text)?.[1] ?? "0");
      const from = end + HEAD_END.length;
      if (text.length < from + length) return;
      if (/\r\nconnection: close\r\n/i.test(text.slice(0, from))) isLast.add(socket);
      finish(Number(text.slice(9, 12)), text.slice(from, from + length));
    };
    socket.on("data", onData).on("close", onClose);
    if (socket.destroyed) onClose();
  });
}
