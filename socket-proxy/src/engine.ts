import { request, type IncomingMessage } from "node:http";
import { Refusal } from "./refusal.ts";

/** A request as the engine gets it: everything in it was checked or is our own. */
export interface EngineRequest {
  method: "GET" | "HEAD" | "POST" | "DELETE";
  /** Path and query. */
  target: string;
  /** Written to JSON anew, so that the engine reads what was checked and nothing else. */
  body?: unknown;
  /** Of an answer in lines: which of them pass. */
  keepsLine?: (line: string) => boolean;
}

export interface Engine {
  /** Answers as soon as the headers are there. */
  send: (asked: EngineRequest, signal: AbortSignal) => Promise<IncomingMessage>;
  /** An object, or null when there is none. */
  find: (target: string, signal: AbortSignal) => Promise<unknown>;
}

const ANSWER_BYTES_MAX = 4 * 1024 * 1024;

/** The engine behind its own socket. */
export function openEngine(socketPath: string): Engine {
  const send: Engine["send"] = ({ method, target, body }, signal) =>
    new Promise((resolve, reject) => {
      const text = body === undefined ? null : Buffer.from(JSON.stringify(body));
      const headers = {
        host: "docker",
        ...(text === null ? {} : { "content-type": "application/json", "content-length": text.length }),
      };
      const outgoing = request({ socketPath, method, path: target, headers, agent: false, signal }, resolve);
      outgoing.on("error", (cause) => reject(new Refusal("the engine can't be reached", 502, { cause })));
      outgoing.end(text);
    });
  return {
    send,
    async find(target, signal) {
      const answer = await send({ method: "GET", target }, signal);
      const text = await readAll(answer);
      if (answer.statusCode === 404) return null;
      if (answer.statusCode !== 200) throw new Refusal("the engine could not be asked", 502);
      return JSON.parse(text) as unknown;
    },
  };
}

async function readAll(answer: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  let length = 0;
  for await (const chunk of answer as AsyncIterable<Buffer>) {
    length += chunk.length;
    if (length > ANSWER_BYTES_MAX) throw new Refusal("an answer of the engine is too long", 502);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString("utf8");
}
