import type { ScenarioContext } from "../harness/scenario.ts";
import { makeAttempts, sample } from "../steps/walls/attempt.ts";
import { egressAttempts } from "./egress-walls.ts";
import { gateAttempts } from "./gate-walls.ts";
import type { Place } from "./place.ts";

/** What A may know of keys opens nothing of B's, nor of its own agentd's control (design D6). */
export async function attackKeys(ctx: ScenarioContext, place: Place): Promise<void> {
  await makeAttempts(ctx, [...(await gateAttempts(ctx, place)), ...sample(ctx, egressAttempts(place))]);
}
