import { connect } from "node:net";

/** Where a request goes: an engine's socket, or a port of this machine. */
export type Target = { path: string } | { port: number };

export interface Reply {
  status: number;
  text: string;
}

export interface RawRequest {
  method: string;
  target: string;
  /** Sent as it is; an object as JSON. */
  body?: unknown;
  headers?: readonly string[];
}

const TIMEOUT_MS = 20_000;

/** Sends the bytes of one request and reads the answer to its end: what an HTTP client would tidy up arrives as it is. */
export function ask(to: Target, { method, target, body, headers = [] }: RawRequest): Promise<Reply> {
  const text = body === undefined ? "" : typeof body === "string" ? body : JSON.stringify(body);
  const length =
    body === undefined ? [] : ["Content-Type: application/json", `Content-Length: ${Buffer.byteLength(text)}`];
  const own = headers.some((line) => /^(transfer-encoding|connection):/i.test(line));
  const head = [
    `${method} ${target} HTTP/1.1`,
    "Host: docker",
    ...(own ? headers : [...length, "Connection: close", ...headers]),
  ];
  return send(to, `${head.join("\r\n")}\r\n\r\n${text}`);
}

export function send(to: Target, bytes: string): Promise<Reply> {
  return new Promise((resolve, reject) => {
    const socket = "path" in to ? connect(to.path) : connect(to.port, "127.0.0.1");
    let answer = "";
    const done = () => {
      socket.destroy();
      const [, status = "0"] = /^HTTP\/1\.1 (\d+)/.exec(answer) ?? [];
      const [head = "", ...rest] = answer.split("\r\n\r\n");
      const text = rest.join("\r\n\r\n");
      resolve({
        status: Number(status),
        text: /^transfer-encoding: chunked/im.test(head) ? withoutChunks(text) : text,
      });
    };
    socket.setTimeout(TIMEOUT_MS, () => reject(new Error("no answer")));
    socket.on("data", (chunk: Buffer) => {
      answer += chunk.toString("utf8");
      // A connection that was taken over has no end.
      if (answer.startsWith("HTTP/1.1 101")) done();
    });
    socket.on("end", done);
    socket.on("error", (error) => (answer === "" ? reject(error) : done()));
    socket.write(bytes);
  });
}

function withoutChunks(text: string): string {
  let rest = text;
  let whole = "";
  for (let line = rest.indexOf("\r\n"); line > 0; line = rest.indexOf("\r\n")) {
    const length = Number.parseInt(rest.slice(0, line), 16);
    whole += rest.slice(line + 2, line + 2 + length);
    rest = rest.slice(line + 2 + length + 2);
  }
  return whole;
}
