export interface Random {
  seed: number;
  /** From 0 (inclusive) to 1 (exclusive). */
  number: () => number;
  /** Whole number, both ends inclusive. */
  integer: (low: number, high: number) => number;
  pick: <Item>(items: readonly Item[]) => Item;
  shuffle: <Item>(items: readonly Item[]) => Item[];
  /** Lower-case hex digits. */
  hex: (length: number) => string;
}

/** Repeatable random choices: mulberry32, a 32-bit generator that is good enough to choose with and nothing else. */
export function makeRandom(seed: number): Random {
  let state = seed >>> 0;
  const number = () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
  const integer = (low: number, high: number) => low + Math.floor(number() * (high - low + 1));
  const shuffle = <Item>(items: readonly Item[]) =>
    items
      .map((item) => ({ item, rank: number() }))
      .toSorted((a, b) => a.rank - b.rank)
      .map(({ item }) => item);
  return {
    seed,
    number,
    integer,
    shuffle,
    pick(items) {
      const item = items[integer(0, items.length - 1)];
      if (item === undefined) throw new RangeError("nothing to pick from");
      return item;
    },
    hex: (length) => Array.from({ length }, () => integer(0, 15).toString(16)).join(""),
  };
}
