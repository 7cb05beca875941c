import type { ScenarioContext } from "../harness/scenario.ts";
import type { AttackCase, Lane } from "./attack-case.ts";
import { readAnswer, requestText, upgradeText } from "./request-text.ts";
import { tryCase } from "./try-case.ts";

const WAIT_MS = 5_000;

const honest: AttackCase[] = [
  {
    name: "a request",
    control: "http-proxy",
    send: (lane) => requestText(lane),
    succeeded: (evidence) => readAnswer(evidence)?.status === 200 && evidence.anna.length === 1,
  },
  {
    name: "a body",
    control: "http-proxy",
    send: (lane) => requestText(lane, { method: "POST", lines: ["content-length: 5"], body: "hello" }),
    succeeded: (evidence) => readAnswer(evidence)?.status === 200 && evidence.anna[0]?.body === "hello",
  },
  {
    name: "an upgrade",
    control: "http-proxy",
    send: (lane) => upgradeText(lane),
    succeeded: (evidence) => readAnswer(evidence)?.status === 101 && evidence.anna.length === 1,
  },
];

/** A proxy that refuses everything lets no attack through either. */
export async function holdServing(ctx: ScenarioContext, lanes: readonly Lane[], when: string): Promise<void> {
  for (const each of honest) {
    const served = await Promise.all(lanes.map((lane) => tryCase(each, lane, WAIT_MS)));
    ctx.hold(
      served.every(({ hasSucceeded }) => hasSucceeded),
      `${when} ours serves ${each.name} of its own customers`,
    );
  }
}
