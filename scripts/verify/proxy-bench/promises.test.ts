import type { ProxyFigures } from "@automna/bench/proxy/run";
import { expect, test } from "vitest";
import { costPromises, judgePromises } from "./promises.ts";

const exact = { room: 1, field: "cpuUs" } as const;
const cost = (cpuUs: number) => ({
  roundsUs: [cpuUs, cpuUs],
  cpuUs,
  bestUs: cpuUs / 2,
  spread: 0,
  p50Ms: 0,
  p99Ms: 0,
  perS: 0,
  repeated: 0,
});

const good: ProxyFigures = {
  disciplines: {
    small: { ours: cost(35), httpxy: cost(100), "configurable-http-proxy": cost(100) },
    echo: { ours: cost(85), "configurable-http-proxy": cost(100) },
  },
  idle: { ours: { kbPerPair: 20, held: 10_000 } },
  routes: { one: cost(100), many: cost(125), count: 100_000 },
};

test("figures at their limits keep every promise, and just above them none", () => {
  expect(judgePromises(good, exact).filter(({ isKept }) => !isKept)).toEqual([]);
  const worse: ProxyFigures = {
    disciplines: {
      small: { ...good.disciplines["small"], ours: cost(55.1) },
      echo: { ...good.disciplines["echo"], ours: cost(85.1) },
    },
    idle: { ours: { kbPerPair: 20.1, held: 10_000 } },
    routes: { one: cost(100), many: cost(125.1), count: 100_000 },
  };
  expect(judgePromises(worse, exact).filter(({ isKept }) => isKept)).toEqual([]);
});

test("what was not measured is not kept", () => {
  const kept = judgePromises({ disciplines: {}, idle: {}, routes: null }, { ...exact, room: 100 });
  expect(kept.map(({ value, isKept }) => [value, isKept])).toEqual(costPromises.map(() => [null, false]));
});
