import type { ScenarioContext } from "../harness/scenario.ts";
import { answerWith } from "../steps/raw-backend.ts";
import type { AttackCase, Lane } from "./attack-case.ts";
import { readBodies, requestText } from "./request-text.ts";
import { tryCase } from "./try-case.ts";

const POISON = answerWith("poisoned", ["content-type: text/plain"]);
const WAIT_MS = 400;

/**
 * An agent that says in two ways where its answer ends must not answer a question that was not asked yet. No attack
 * of the report: Node's own client, and with it the library, is as strict as we are.
 */
export async function holdAnswerEnds(ctx: ScenarioContext, lanes: readonly Lane[]): Promise<void> {
  const waiting = answers().map(toCase);
  const count = waiting.length;
  const wrong: string[] = [];
  const work = async (lane: Lane) => {
    for (let each = waiting.pop(); each !== undefined; each = waiting.pop())
      if ((await tryCase(each, lane, WAIT_MS)).hasSucceeded) wrong.push(each.name);
  };
  await Promise.all(lanes.map(work));
  ctx.hold(wrong.length === 0, "what an agent hides within an answer is never the answer to the next question", wrong);
  ctx.figure("answers within answers, none of which was read", count, "answers");
}

type Answer = [name: string, text: string, method?: string];

function answers(): Answer[] {
  const head = (...lines: string[]) => `HTTP/1.1 ${lines.join("\r\n")}\r\n\r\n`;
  const both = ["content-length: 5", "transfer-encoding: chunked"];
  return [
    ["right behind the first", `${answerWith("ok")}${POISON}`],
    ["behind a length and chunks", `${head("200 OK", ...both)}0\r\n\r\n${POISON}`],
    ["behind chunks and a length", `${head("200 OK", ...both.toReversed())}0\r\n\r\n${POISON}`],
    ["behind two lengths", `${head("200 OK", "content-length: 0", "content-length: 2")}${POISON}`],
    ["behind a list of lengths", `${head("200 OK", "content-length: 0, 0")}${POISON}`],
    ["behind a signed length", `${head("200 OK", "content-length: +0")}${POISON}`],
    ["behind a 204", `${head("204 No Content")}${POISON}`],
    ["behind a 304", `${head("304 Not Modified", "content-length: 2")}${POISON}`],
    ["behind a 204 with a length", `${head("204 No Content", "content-length: 200")}${POISON}`],
    ["behind an answer to HEAD", `${head("200 OK", "content-length: 200")}${POISON}`, "HEAD"],
    ["behind an odd encoding", `${head("200 OK", "transfer-encoding: xchunked", "content-length: 0")}${POISON}`],
    ["behind two encodings", `${head("200 OK", "transfer-encoding: chunked, x")}0\r\n\r\n${POISON}`],
    ["behind a 101", `${head("101 Switching Protocols", "upgrade: x", "connection: upgrade")}${POISON}`],
    ["behind trailers", `${head("200 OK", "transfer-encoding: chunked")}0\r\nx: y\r\n\r\n${POISON}`],
    ["behind a chunk that ends with LF", `${head("200 OK", "transfer-encoding: chunked")}0\n\n${POISON}`],
    ["behind a head of bare LFs", `HTTP/1.1 200 OK\ncontent-length: 0\n\n${POISON}`],
  ];
}

function toCase([name, text, method = "GET"]: Answer): AttackCase {
  return {
    name,
    control: "http-proxy",
    prepare: ({ anna }) => {
      anna.backend.answer = ({ target }) => (target === "/x" ? text : answerWith("second"));
    },
    // The parts between give the hidden answer time to wait for the question.
    send: (lane) => [
      requestText(lane, { method }),
      "",
      "",
      "",
      requestText(lane, { target: `/a/${lane.anna.userId}/2` }),
    ],
    // After HEAD there is no body to read: any of it would be too much.
    succeeded: (evidence) =>
      method === "HEAD" ? evidence.answer.includes("poisoned") : readBodies(evidence).includes("poisoned"),
  };
}
