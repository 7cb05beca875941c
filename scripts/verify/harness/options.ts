import { parseArgs } from "node:util";

export interface VerifyOptions {
  /** Name of a scenario, or `all`; null = none given. */
  name: string | null;
  isList: boolean;
  isQuick: boolean;
  /** Progress to standard error, so that standard output is the JSON line alone. */
  isJson: boolean;
  isKept: boolean;
  seed: number;
}

const SEEDS = 2 ** 31;

/** Reads the command line. Throws a sentence for a person when it makes no sense. */
export function parseVerifyOptions(args: readonly string[], random: () => number): VerifyOptions {
  const { values, positionals } = parseArgs({
    args: [...args],
    allowPositionals: true,
    options: {
      list: { type: "boolean", default: false },
      quick: { type: "boolean", default: false },
      json: { type: "boolean", default: false },
      keep: { type: "boolean", default: false },
      seed: { type: "string" },
    },
  });
  if (positionals.length > 1) throw new Error(`One scenario at a time, or "all": ${positionals.join(", ")}`);
  const seed = values.seed === undefined ? Math.floor(random() * SEEDS) : Number(values.seed);
  if (!Number.isInteger(seed) || seed < 0) throw new Error(`--seed ${values.seed} is not a whole number from 0 up`);
  return {
    name: positionals[0] ?? null,
    isList: values.list,
    isQuick: values.quick,
    isJson: values.json,
    isKept: values.keep,
    seed,
  };
}
