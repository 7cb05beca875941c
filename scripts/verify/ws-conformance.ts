import type { Scenario, ScenarioContext } from "./harness/scenario.ts";
import { speakThroughLibrary } from "./ws-conformance/both-ends.ts";
import { passFirstFrames, passHalves } from "./ws-conformance/half-sent.ts";
import { closeBetweenFrames, pingBetweenFrames } from "./ws-conformance/own-frames.ts";
import { passUnchanged } from "./ws-conformance/unchanged.ts";
import { makeWireLabs } from "./ws-conformance/wires.ts";

/** No ping within the run; one every few frames; and so that a library that compresses 16 MB has time to answer. */
const [NEVER_MS, OFTEN_MS, SOMETIMES_MS] = [3_600_000, 20, 500];
const AT_ONCE = 8;

export const scenario: Scenario = {
  name: "ws-conformance",
  title:
    "every frame of RFC 6455 passes the proxy byte for byte, and what the proxy says itself never lands inside one",
  run,
};

async function run(ctx: ScenarioContext): Promise<void> {
  const quiet = await makeWireLabs(ctx, AT_ONCE, NEVER_MS);
  const [pinging] = await makeWireLabs(ctx, 1, OFTEN_MS);
  const [spoken] = await makeWireLabs(ctx, 1, SOMETIMES_MS);
  const [one] = quiet;
  ctx.must(one !== undefined && pinging !== undefined && spoken !== undefined, "the ingress stands before raw agents");
  await passUnchanged(ctx, quiet);
  await passHalves(ctx, one);
  await passFirstFrames(ctx, one);
  await pingBetweenFrames(ctx, pinging, ctx.isQuick ? 1 : 10);
  await closeBetweenFrames(ctx, one, ctx.isQuick ? 40 : 400);
  await speakThroughLibrary(ctx, spoken);
}
