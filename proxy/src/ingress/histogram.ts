import type { MetricValueWithName, Registry } from "prom-client";

export interface Histogram<Label extends string> {
  /** Seconds. */
  observe: (label: Label, value: number) => void;
}

interface Series {
  counts: Float64Array;
  sum: number;
}

/**
 * A histogram with one label. prom-client's own looks its series up by a hash of the labels at each value, which costs
 * more than everything else that a request is measured by.
 */
export function makeHistogram<Label extends string>(
  registry: Registry,
  options: { name: string; help: string; labelName: string; labels: readonly Label[]; buckets: readonly number[] },
): Histogram<Label> {
  const { name, help, labelName, labels, buckets } = options;
  const series = new Map<Label, Series>(
    labels.map((label) => [label, { counts: new Float64Array(buckets.length + 1), sum: 0 }]),
  );

  const valuesOf = (label: Label, { counts, sum }: Series): MetricValueWithName<string>[] => {
    let below = 0;
    const inBuckets = [...buckets.map(String), "+Inf"].map((le, index) => {
      below += counts[index] ?? 0;
      return { metricName: `${name}_bucket`, labels: { le, [labelName]: label }, value: below };
    });
    const own = { [labelName]: label };
    const total = { metricName: `${name}_count`, labels: own, value: below };
    return [...inBuckets, { metricName: `${name}_sum`, labels: own, value: sum }, total];
  };

  const metric = {
    name,
    get: async () => ({
      name,
      help,
      type: "histogram",
      aggregator: "sum",
      values: [...series].flatMap(([label, one]) => valuesOf(label, one)),
    }),
    reset: () => undefined,
  };
  registry.registerMetric(metric as never);

  return {
    observe(label, value) {
      const one = series.get(label);
      if (one === undefined) return;
      let index = 0;
      while (index < buckets.length && value > (buckets[index] ?? 0)) index += 1;
      one.counts[index] = (one.counts[index] ?? 0) + 1;
      one.sum += value;
    },
  };
}
