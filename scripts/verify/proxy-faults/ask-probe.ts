import type { ChildProcess } from "node:child_process";
import { once } from "node:events";
import type { ProbeQuestion } from "./probe.ts";

/** One question at a time: answers carry no number. */
export async function askProbe<Answer>(child: ChildProcess, question: ProbeQuestion): Promise<Answer> {
  const answered = once(child, "message") as Promise<[{ probed: Answer }]>;
  child.send(question);
  return (await answered)[0].probed;
}
