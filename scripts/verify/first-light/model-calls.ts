import type { FakeAnthropic } from "@automna/testkit/fakes/anthropic";
import type { ScenarioContext } from "../harness/scenario.ts";

/** OpenClaw's own prompt was 53 kB when measured; ours is none at all. */
const REAL_PROMPT_CHARACTERS = 10_000;

/** Checks the request that the model provider recorded: the real gateway asked, with the customer's key. */
export function assertModelSawRealAgent(
  ctx: ScenarioContext,
  fake: FakeAnthropic,
  { key, question }: { key: string; question: string },
): void {
  const call = fake
    .requests()
    .find(({ prompt }) => prompt?.user.includes(question) === true && prompt.tools.length > 0);
  ctx.must(call?.prompt !== undefined && call.prompt !== null, "the model provider recorded the question");
  ctx.hold(call.headers["x-api-key"] === key, "it came with the customer's key");
  ctx.hold(
    call.prompt.system.includes("OpenClaw") && call.prompt.system.length > REAL_PROMPT_CHARACTERS,
    "it holds OpenClaw's own system prompt",
    call.prompt.system.slice(0, 200),
  );
  ctx.hold(call.prompt.isStream, "it asked for a stream");
  const names = Object.keys(call.headers).filter(
    (name) => name.startsWith("x-automna-") || name === "cookie" || name === "authorization",
  );
  ctx.hold(names.length === 0, "and no header of ours went out with it", names);
  ctx.hold(
    fake.contract.violations.length === 0,
    `the vendor's contract is kept${fake.contract.isChecked ? "" : " (not checked here)"}`,
    fake.contract.violations,
  );
}
