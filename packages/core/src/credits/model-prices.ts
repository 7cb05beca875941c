/** What a provider's call used. Cache writes and reads are not part of `input`, as the provider counts them. */
export interface TokenCounts {
  input: number;
  output: number;
  /** Written to the cache for 5 minutes. */
  cacheWrite: number;
  /** Written to the cache for an hour, which costs more. */
  cacheWriteHour: number;
  cacheRead: number;
}

/** Micro-dollars per million tokens. */
export type ModelPrice = Readonly<TokenCounts>;

/** Dollars per million tokens of input, output and cache reads; cache writes are 1.25 and 2 times the input. */
function price(input: number, output: number, cacheRead: number): ModelPrice {
  const micro = (dollars: number) => Math.round(dollars * 1_000_000);
  return {
    input: micro(input),
    output: micro(output),
    cacheRead: micro(cacheRead),
    cacheWrite: micro(input * 1.25),
    cacheWriteHour: micro(input * 2),
  };
}

/**
 * The provider's price list, and so the models that the platform's own key may be used for: of any other model nobody
 * could say what it costs. Source: the provider's pricing page, as OpenClaw 2026.9 carries it.
 */
export const modelPrices: Readonly<Record<string, ModelPrice>> = {
  "claude-haiku-4-5": price(1, 5, 0.1),
  "claude-sonnet-4-5": price(3, 15, 0.3),
  "claude-sonnet-4-6": price(3, 15, 0.3),
  "claude-sonnet-5": price(2, 10, 0.2),
  "claude-opus-4-5": price(5, 25, 0.5),
  "claude-opus-4-6": price(5, 25, 0.5),
  "claude-opus-4-7": price(5, 25, 0.5),
  "claude-opus-4-8": price(5, 25, 0.5),
  "claude-opus-5": price(5, 25, 0.5),
  "claude-opus-5-5": price(4, 20, 0.2),
};

/** A model by its name or by that of one of its releases (`claude-sonnet-4-5-20250929`); null = not on the list. */
export function findModelPrice(model: string): ModelPrice | null {
  const name = model.replace(/-20\d{6}$/, "");
  return Object.hasOwn(modelPrices, name) ? (modelPrices[name] ?? null) : null;
}

/** What the provider takes for these tokens, micro-dollars, rounded up; null = the model's price is not known. */
export function providerCost(model: string, tokens: TokenCounts): number | null {
  const known = findModelPrice(model);
  if (known === null) return null;
  const kinds = Object.keys(known) as (keyof TokenCounts)[];
  const total = kinds.reduce((sum, kind) => sum + tokens[kind] * known[kind], 0);
  return Math.ceil(total / 1_000_000);
}

export const noTokens: TokenCounts = { input: 0, output: 0, cacheWrite: 0, cacheWriteHour: 0, cacheRead: 0 };
