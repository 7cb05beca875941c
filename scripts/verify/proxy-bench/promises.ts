import { ratio } from "@automna/bench/proxy/report";
import { pairedRatio } from "@automna/bench/proxy/stats";
import type { ProxyFigures } from "@automna/bench/proxy/run";

/** The median of the rounds' ratios, or the best round of each. */
export type CostField = "cpuUs" | "bestUs";

/** What the proxy may cost at most. */
export interface CostPromise {
  name: string;
  unit: string;
  atMost: number;
  /** Null when it was not measured. */
  of: (figures: ProxyFigures, field: CostField) => number | null;
}

export const costPromises: readonly CostPromise[] = [
  {
    name: "processor time per request, of httpxy's",
    unit: "×",
    atMost: 0.55,
    of: (figures, field) => ratio(figures, ["small", "ours"], ["small", "httpxy"], field),
  },
  {
    name: "processor time per request, of configurable-http-proxy's",
    unit: "×",
    atMost: 0.35,
    of: (figures, field) => ratio(figures, ["small", "ours"], ["small", "configurable-http-proxy"], field),
  },
  {
    name: "processor time per echoed message, of configurable-http-proxy's",
    unit: "×",
    atMost: 0.85,
    of: (figures, field) => ratio(figures, ["echo", "ours"], ["echo", "configurable-http-proxy"], field),
  },
  {
    name: "resident memory per idle socket pair",
    unit: "kB",
    atMost: 20,
    of: ({ idle }) => idle["ours"]?.kbPerPair ?? null,
  },
  {
    name: "processor time per request with many routes, of that with one",
    unit: "×",
    atMost: 1.25,
    of({ routes }, field) {
      if (routes === null) return null;
      const { many, one } = routes;
      return field === "cpuUs" ? pairedRatio(many.roundsUs, one.roundsUs) : many[field] / one[field];
    },
  },
];

export interface Kept {
  name: string;
  unit: string;
  value: number | null;
  atMost: number;
  isKept: boolean;
}

/** Each promise against the figures, with so much room; what was not measured is not kept. */
export function judgePromises(figures: ProxyFigures, { room, field }: { room: number; field: CostField }): Kept[] {
  return costPromises.map(({ name, unit, atMost, of }) => {
    const value = of(figures, field);
    return { name, unit, value, atMost: atMost * room, isKept: value !== null && value <= atMost * room };
  });
}
