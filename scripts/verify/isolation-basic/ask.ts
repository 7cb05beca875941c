import { request as httpRequest } from "node:http";

export interface Question {
  port: number;
  method: string;
  path: string;
  headers?: Readonly<Record<string, string>>;
  /** Sent as JSON. */
  body?: unknown;
}

export interface Reply {
  /** 101 for an upgrade that was granted. */
  status: number;
  body: string;
}

const TIMEOUT_MS = 10_000;

/**
 * One request with exactly these headers, as a browser would never send it. Resolves with the head of the answer and what
 * came of its body at once: a stream of events has no end.
 */
export function ask({ port, method, path, headers = {}, body }: Question): Promise<Reply> {
  const text = body === undefined ? "" : JSON.stringify(body);
  const content =
    body === undefined ? {} : { "content-type": "application/json", "content-length": String(Buffer.byteLength(text)) };
  return new Promise((resolve, reject) => {
    const request = httpRequest({
      host: "127.0.0.1",
      port,
      method,
      path,
      headers: { ...headers, ...content },
      agent: false,
      timeout: TIMEOUT_MS,
    });
    request.once("timeout", () =>
      request.destroy(new Error(`${method} ${path} had no answer in ${TIMEOUT_MS / 1000} s`)),
    );
    request.once("error", reject);
    request.once("upgrade", (answer, socket) => {
      socket.destroy();
      resolve({ status: answer.statusCode ?? 0, body: "" });
    });
    request.once("response", (answer) => {
      const status = answer.statusCode ?? 0;
      let received = "";
      answer.setEncoding("utf8");
      answer.on("data", (chunk: string) => (received += chunk));
      answer.once("end", () => resolve({ status, body: received }));
      answer.once("error", () => resolve({ status, body: received }));
      if (answer.headers["content-type"]?.startsWith("text/event-stream") === true) {
        resolve({ status, body: "" });
        request.destroy();
      }
    });
    request.end(text);
  });
}
