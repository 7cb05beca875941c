import type { AppGuards } from "../../../proxy/src/apps/app-guards.ts";
import type { AppOwner, AppsHarness } from "../../../proxy/test/apps-harness.ts";
import type { StandInAgentd } from "../../../proxy/test/stand-in-agentd.ts";

/** What is off in the control that an attack has to work on: one guard, the limit on guesses, or the ticket's single use. */
export type AppControl = keyof AppGuards | "attempts" | "single use";

/** A listener under attack, with owners whose agents write down what they hear. */
export interface AppSide extends Pick<AppsHarness, "port" | "visit"> {
  /** The victim, and their agent. */
  ada: AppOwner;
  adaAgent: StandInAgentd;
  /** The attacker, who has an agent too. */
  bert: AppOwner;
  /** Passes of the real listener: a real one is what most forgeries begin with. */
  passFor: (name: string, as: "visitor" | "owner") => Promise<string>;
}

export interface AppAttack {
  name: string;
  control: AppControl;
  /** Answers whether it succeeded. */
  run: (side: AppSide) => Promise<boolean>;
}

export interface AppAttackClass {
  name: string;
  attacks: readonly AppAttack[];
}

/** Of ada's apps: what each is to strangers. */
export const ADAS_APPS = { open: "shop", locked: "gate", own: "vault", off: "closed" } as const;
export const PASSWORD = "open sesame";
