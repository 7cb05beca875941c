import type { CandidateName } from "@automna/bench/proxy/candidates";
import { isInstalled } from "@automna/bench/proxy/native";
import { ratio } from "@automna/bench/proxy/report";
import { benchProxy, fullRun, quickRun, type ProxyFigures } from "@automna/bench/proxy/run";
import type { Scenario, ScenarioContext } from "./harness/scenario.ts";
import { judgePromises } from "./proxy-bench/promises.ts";

const everybody: readonly CandidateName[] = [
  "direct",
  "ours",
  "httpxy",
  "http-proxy-3",
  "configurable-http-proxy",
  "nginx",
  "haproxy",
];
const proxies = everybody.filter((name) => name !== "direct");
const full = {
  ...fullRun,
  disciplines: { small: everybody, paced: everybody, echo: [...everybody, "bare-forwarder" as const] },
  idle: proxies,
};
/** Whom the promises are about, and nginx for the delays. */
const quick = {
  ...quickRun,
  disciplines: {
    small: ["ours", "httpxy", "configurable-http-proxy"],
    paced: ["direct", "ours", "nginx"],
    echo: ["ours", "bare-forwarder", "configurable-http-proxy"],
  },
  idle: ["ours"],
} as const;
const exactly = { room: 1, field: "cpuUs" } as const;
/** In so few and short rounds, beside whatever else a machine does while it tests, only the best says something, and not more than this. */
const quickly = { room: 1.6, field: "bestUs" } as const;

export const scenario: Scenario = {
  name: "proxy-bench",
  title: "what the proxy costs with every check on, beside others that do the same job without any",
  run,
};

async function run(ctx: ScenarioContext): Promise<void> {
  const figures = await benchProxy({
    ...(ctx.isQuick ? quick : full),
    log: ctx.log,
    onStarted: (name, stop) => ctx.onCleanup(`stop ${name}`, stop),
  });
  tellCosts(ctx, figures);
  tellDelays(ctx, figures);
  tellFloor(ctx, figures);
  for (const { name, unit, value, atMost, isKept } of judgePromises(figures, ctx.isQuick ? quickly : exactly)) {
    if (value !== null) ctx.figure(name, value, unit);
    ctx.hold(isKept, `${name}: at most ${atMost.toFixed(2)} ${unit}`, value);
  }
  const { held = 0 } = figures.idle["ours"] ?? {};
  ctx.hold(held >= (ctx.isQuick ? quick.pairs : full.pairs), `${held} idle pairs were held, and none was lost`);
  const missing = (["nginx", "haproxy"] as const).filter((name) => !isInstalled(name));
  const mayMiss = process.env["CI"] !== "true";
  if (missing.length > 0) ctx.log(`!! not measured, because not installed: ${missing.join(", ")}`);
  ctx.hold(missing.length === 0 || mayMiss, "who is measured beside us is installed, where nothing may be missing");
}

function tellCosts(ctx: ScenarioContext, { disciplines, idle }: ProxyFigures): void {
  for (const [discipline, unit] of [
    ["small", "request"],
    ["echo", "echoed message"],
  ] as const) {
    for (const [name, { cpuUs, spread, repeated }] of Object.entries(disciplines[discipline] ?? {})) {
      if (name === "direct") continue;
      ctx.figure(`${name}, per ${unit}`, cpuUs, "µs");
      ctx.figure(`${name}, per ${unit}, spread`, spread * 100, "%");
      if (repeated > 0) ctx.figure(`${name}, per ${unit}, measured again`, repeated, "times");
    }
  }
  for (const [name, { kbPerPair, held }] of Object.entries(idle))
    ctx.figure(`${name}, per idle pair of ${held}`, kbPerPair, "kB");
}

/** What no proxy in Node can be below: whoever reads a missed promise of the echo sees whose fault it is. */
function tellFloor(ctx: ScenarioContext, figures: ProxyFigures): void {
  const floor = ratio(figures, ["echo", "bare-forwarder"], ["echo", "configurable-http-proxy"]);
  if (floor !== null) ctx.figure("a bare forwarder per echoed message, of configurable-http-proxy's", floor, "×");
}

/** Whatever a proxy takes, the way without one takes too. */
function tellDelays(ctx: ScenarioContext, { disciplines }: ProxyFigures): void {
  const { direct, ...others } = disciplines["paced"] ?? {};
  if (direct === undefined) return;
  for (const [name, { p50Ms, p99Ms }] of Object.entries(others)) {
    ctx.figure(`${name}, p50 added at 500 requests a second`, p50Ms - direct.p50Ms, "ms");
    ctx.figure(`${name}, p99 added at 500 requests a second`, p99Ms - direct.p99Ms, "ms");
  }
}
