import type { ScenarioContext } from "../../harness/scenario.ts";
import type { WallAttempt } from "./attempt.ts";
import { execIn, type Script, type Shell } from "./shell.ts";
import { withTwin, type Off } from "./twin.ts";

/** One try inside a container, the same in a slot's own and in the copy without its guard. */
export interface InsideAttempt extends Script {
  name: string;
  guard: string;
  /** What is off in the copy. */
  off: Off;
  /** In the copy it runs as this user: where the guard is that agentd and the agent are two. */
  userInTwin?: Script["user"];
  proof: RegExp;
}

export function toWallAttempt(ctx: ScenarioContext, slot: Shell, attempt: InsideAttempt): WallAttempt {
  const { name, guard, user, script, off, proof, userInTwin = user } = attempt;
  return {
    name,
    guard,
    withoutGuard: () =>
      withTwin(ctx, slot, off, async (twin) => (await execIn(twin, { user: userInTwin, script })).said),
    withGuard: async () => (await execIn(slot, { user, script })).said,
    proves: (said) => proof.test(said),
  };
}
