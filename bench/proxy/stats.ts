/** The middle value; of an even number the mean of the two in the middle. Throws for none. */
export function median(values: readonly number[]): number {
  return quantile(values, 0.5);
}

/** Linear between the two nearest ranks. Throws for no values. */
export function quantile(values: readonly number[], share: number): number {
  const sorted = values.toSorted((a, b) => a - b);
  const at = (sorted.length - 1) * share;
  const [low, high] = [sorted[Math.floor(at)], sorted[Math.ceil(at)]];
  if (low === undefined || high === undefined) throw new RangeError("no values");
  return low + (high - low) * (at - Math.floor(at));
}

/** Half the width of the middle half, relative to the median: what to believe of a figure that was taken several times. */
export function spread(values: readonly number[]): number {
  return (quantile(values, 0.75) - quantile(values, 0.25)) / 2 / median(values);
}

/** One against another, round by round: what the machine does in a round falls on both. Throws for no rounds in common. */
export function pairedRatio(ones: readonly number[], others: readonly number[]): number {
  return median(ratiosOfRounds(ones, others));
}

/** As pairedRatio, of all rounds in common. */
export function ratiosOfRounds(ones: readonly number[], others: readonly number[]): number[] {
  return ones.slice(0, others.length).map((one, round) => one / (others[round] ?? Number.NaN));
}
