import {
  candidateNames,
  startBackend,
  startCandidate,
  startOurs,
  type Backend,
  type Candidate,
  type CandidateName,
} from "./candidates.ts";
import { disciplines, WARM_UPS_SMALL } from "./disciplines.ts";
import type { Job, Measured } from "./jobs.ts";
import { measureIdle, type IdleFigure } from "./measure-idle.ts";
import { installNatives } from "./native.ts";
import { cores, pairsMax, startPinned, type Started } from "./processes.ts";
import { measureRounds, type Figures } from "./rounds.ts";

export interface ProxyBenchOptions {
  isQuick: boolean;
  rounds: number;
  /** See rounds.ts. */
  attempts: number;
  /** Idle pairs to hold. */
  pairs: number;
  /** Routes that are remembered while one of them is compared with many. */
  routes: number;
  /** Which disciplines, and whom in each; all without it. */
  disciplines?: Readonly<Record<string, readonly CandidateName[]>>;
  /** Whose idle sockets are weighed; everybody's without it. */
  idle?: readonly CandidateName[];
  log: (line: string) => void;
  /** Ends what was started, also when the run is interrupted. */
  onStarted: (name: string, stop: () => Promise<void>) => void;
}

export interface ProxyFigures {
  /** By discipline, then by candidate. */
  disciplines: Record<string, Record<string, Figures>>;
  idle: Record<string, IdleFigure>;
  /** Processor time per small request with one route and with many, microseconds. */
  routes: { one: Figures; many: Figures; count: number } | null;
}

export const fullRun = { isQuick: false, rounds: 7, attempts: 4, pairs: pairsMax, routes: 100_000 } as const;
export const quickRun = { isQuick: true, rounds: 4, attempts: 2, pairs: 1_000, routes: 5_000 } as const;

/** Everything about the proxy that can be told in figures. */
export async function benchProxy(options: ProxyBenchOptions): Promise<ProxyFigures> {
  const { log, onStarted } = options;
  const names = candidateNames.filter((name) => isWanted(options, name));
  installNatives(["nginx", "haproxy"].filter((name) => names.includes(name as CandidateName)) as never, log);
  if (cores.measured === cores.others) log("!! one core only: who asks disturbs who is measured");
  const backend = await startBackend(1);
  onStarted("backend", backend.stop);
  const load = await startPinned("load.ts", cores.others, {});
  onStarted("load", load.stop);
  const world = { backend, load };
  return {
    disciplines: await measureDisciplines(options, world, names),
    idle: await measureIdles(options, world),
    routes: options.routes === 0 ? null : await measureRoutes(options, world),
  };
}

function isWanted({ disciplines: wanted, idle }: ProxyBenchOptions, name: CandidateName): boolean {
  const lists = [idle ?? [], ...Object.values(wanted ?? {})];
  return wanted === undefined || lists.some((list) => list.includes(name));
}

interface World {
  backend: Backend;
  load: Started;
}

async function measureDisciplines(
  { isQuick, rounds, attempts, disciplines: wanted, log, onStarted }: ProxyBenchOptions,
  { backend, load }: World,
  names: readonly CandidateName[],
): Promise<ProxyFigures["disciplines"]> {
  const all: Candidate[] = [];
  for (const name of names) {
    const candidate = await startCandidate(name, backend, 64);
    if (candidate === null) log(`!! ${name} is not installed: its rows are missing`);
    else {
      onStarted(name, candidate.stop);
      all.push(candidate);
    }
  }
  const measure = (job: Job, { target }: Candidate) => load.ask<Measured>({ job, target });
  const figures: ProxyFigures["disciplines"] = {};
  for (const { name, unit, job, warmUps } of disciplines) {
    const candidates = all.filter(
      (one) => wanted === undefined || wanted[name]?.some((asked) => asked === one.name) === true,
    );
    if (candidates.length === 0) continue;
    log(`${name}: per ${unit}`);
    await warmUp(candidates, isQuick ? 1 : warmUps, (candidate) => measure(job(isQuick), candidate));
    const taken = await measureRounds(candidates, job(isQuick), { rounds, attempts, measure });
    for (const [candidate, one] of taken) log(`  ${describe(candidate, one)}`);
    figures[name] = Object.fromEntries(taken);
  }
  for (const { stop } of all) await stop();
  return figures;
}

async function measureIdles(
  { pairs, idle: names = candidateNames, log }: ProxyBenchOptions,
  world: World,
): Promise<ProxyFigures["idle"]> {
  const figures: ProxyFigures["idle"] = {};
  if (pairs === 0) return figures;
  log(`idle: ${pairs} pairs of sockets`);
  for (const name of names.filter((one) => one !== "direct")) {
    const figure = await measureIdle(name, { ...world, pairs });
    if (figure === null) continue;
    figures[name] = figure;
    log(`  ${name.padEnd(24)} ${figure.kbPerPair.toFixed(1)} kB per pair`);
  }
  return figures;
}

async function measureRoutes(
  { isQuick, rounds, attempts, routes, log, onStarted }: ProxyBenchOptions,
  { backend, load }: World,
): Promise<ProxyFigures["routes"]> {
  log(`routes: one and ${routes}`);
  const one = await startOurs("one", { ...backend, users: 1, routes: 1 });
  onStarted("one", one.stop);
  const many = await startOurs("many", { ...backend, users: 100, routes });
  onStarted("many", many.stop);
  const job: Job = { kind: "small", connections: 32, count: isQuick ? 2_000 : 12_000 };
  const measure = (asked: Job, { target }: Candidate) => load.ask<Measured>({ job: asked, target });
  await warmUp([one, many], isQuick ? 1 : WARM_UPS_SMALL, (candidate) => measure(job, candidate));
  const figures = await measureRounds([one, many], job, { rounds, attempts, measure });
  for (const [name, figure] of figures) log(`  ${describe(name, figure)}`);
  for (const { stop } of [one, many]) await stop();
  const [first, second] = [figures.get("one"), figures.get("many")];
  return first === undefined || second === undefined ? null : { one: first, many: second, count: routes };
}

/** Unmeasured: compilers and caches settle. */
async function warmUp(
  candidates: readonly Candidate[],
  times: number,
  measure: (candidate: Candidate) => Promise<unknown>,
): Promise<void> {
  for (let time = 0; time < times; time += 1) for (const candidate of candidates) await measure(candidate);
}

function describe(name: string, { cpuUs, spread, p50Ms, p99Ms, perS, repeated }: Figures): string {
  const repeats = repeated === 0 ? "" : `, ${repeated} repeated`;
  return `${name.padEnd(24)} ${cpuUs.toFixed(1).padStart(7)} µs ± ${(spread * 100).toFixed(0)} %   p50 ${p50Ms.toFixed(2)} ms   p99 ${p99Ms.toFixed(2)} ms   ${perS.toFixed(0)}/s${repeats}`;
}
