import type { Random } from "./random.ts";

/** One end-to-end proof. Its file is scripts/verify/<name>.ts; importing it does nothing. */
export interface Scenario {
  name: string;
  /** What it proves, in one line for `--list`. */
  title: string;
  /** Files of a vendor's description, any of which it needs: without one it proves nothing and is not ok. */
  needsSpec?: readonly string[];
  /** It starts engines of its own. */
  needsDocker?: boolean;
  run: (ctx: ScenarioContext) => Promise<void>;
}

export interface ScenarioContext {
  /** A shorter run that still proves the point. */
  isQuick: boolean;
  /** Everything left to chance comes from here, so that --seed repeats a run. */
  random: Random;
  /** Aborted by Ctrl-C and at the scenario's deadline; every wait takes it (S11). */
  signal: AbortSignal;
  /** One line of progress. */
  log: (line: string) => void;
  /** A measured number for the report. */
  figure: (name: string, value: number, unit: string) => void;
  /** Records whether the sentence is true. A false one fails the scenario, which goes on. Returns the condition. */
  hold: (condition: boolean, sentence: string, detail?: unknown) => boolean;
  /** As hold, but nothing after a false one could work: the scenario ends there. */
  must: (condition: boolean, sentence: string, detail?: unknown) => asserts condition;
  /** Waits until `look` answers something, and records the sentence. Ends the scenario when the time is over. */
  eventually: <Value>(
    sentence: string,
    look: () => Promise<Value | null> | Value | null,
    options?: WaitOptions,
  ) => Promise<Value>;
  /** An attack that must work without its check and fail with it. */
  attack: (attack: Attack) => Promise<void>;
  /** Runs at the end whatever happens, also on Ctrl-C; last registered first (S16). */
  onCleanup: (name: string, undo: () => unknown) => void;
  /** A folder for this run, removed at the end unless --keep. */
  folder: () => Promise<string>;
}

export interface WaitOptions {
  timeoutMs?: number;
  everyMs?: number;
}

/** Both tell whether the attack succeeded. Only an attack that was seen to work proves that the check stops it. */
export interface Attack {
  name: string;
  /** The same attack on the same code with its one check switched off. */
  unsafe: () => Promise<boolean>;
  safe: () => Promise<boolean>;
}

/** Ends a scenario after a check that everything else rests on. */
export class ScenarioStopped extends Error {
  constructor(sentence: string) {
    super(sentence);
    this.name = "ScenarioStopped";
  }
}
