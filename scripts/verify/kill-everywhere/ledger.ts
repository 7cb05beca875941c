import { mkdirSync, renameSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Random } from "../harness/random.ts";
import { followLines } from "./follow-lines.ts";
import { moments, type Death, type KillPlan, type Moment } from "./kill-plan.ts";

/** What the processes have told: which points there are, and which of them somebody died at. */
export interface Ledger {
  folder: string;
  /** The agent goes that way from now on and may be interrupted so often on it; null = it may not any more. */
  setWalk: (agentId: string, walk: { path: string; kills: number } | null) => void;
  /** Who is on a walk ends it undisturbed, and what is reached from now on is not missed. */
  spareAll: () => void;
  /** Notes a process that was seen to end by SIGKILL. Answers where it died; null = nobody knows of that one. */
  noteEnd: (pid: number) => Death | null;
  /** Kills that are to come on the path, so far as its points are known; one that nobody went to its end counts as many. */
  need: (path: string) => number;
  isWalked: (path: string) => boolean;
  /** Share of the points that have had as many kills as they are to get. */
  coverage: () => number;
  /** Points that were reached on any path, with the kills there. */
  points: () => ReadonlyMap<string, number>;
  deaths: () => readonly Death[];
  /** Steps that were to be killed and were not, said as a person would; `step`: of those that were come by. */
  missing: (steps: readonly string[]) => string[];
  /** How often the agent reached the step on its present walk. */
  reachedSince: (agentId: string, step: string) => number;
  setRounds: (rounds: number) => void;
  rounds: () => number;
}

interface Reached {
  agentId: string;
  path: string;
  step: string;
  label: string;
  moment: Moment;
}

const NEVER_WALKED = 50;
/** Where nobody has died yet counts before another time elsewhere. */
const NEWS_WORTH = 10;
/** A point that only accidents lead to may be met by agents alone that were interrupted enough. */
const RARELY = 2;
/** Not even by what nobody has reached before. */
export const UNHARMED = -1_000;

export function openLedger(
  folder: string,
  { grain, steps, random }: { grain: KillPlan["grain"]; steps: readonly string[]; random: Random },
): Ledger {
  mkdirSync(folder, { recursive: true });
  for (const name of ["reached.jsonl", "deaths.jsonl"]) writeFileSync(join(folder, name), "");
  const momentOf = Object.fromEntries(steps.map((step) => [step, random.pick(["before", "after"] as const)]));
  // By their number in the file: the machine gives the ids of ended processes out again.
  const noted = new Map<number, Death>();
  const kills: Record<string, number> = {};
  const walks: Record<string, { path: string; killsLeft: number; fromLine: number }> = {};
  /** Paths that somebody went to the end. */
  const arrived = new Set<string>();
  let rounds = 1;
  /** Lines about what was reached while somebody could still die of it. */
  let deadly: number | undefined;

  const reached = followLines(join(folder, "reached.jsonl"), (line) => JSON.parse(line) as Reached);
  const told = followLines(join(folder, "deaths.jsonl"), (line) => JSON.parse(line) as Death);
  const write = () => {
    const plan: KillPlan = { grain, rounds, kills, walks, momentOf };
    writeFileSync(join(folder, "plan.json.next"), JSON.stringify(plan));
    renameSync(join(folder, "plan.json.next"), join(folder, "plan.json"));
  };
  const points = () => {
    const known = new Map<string, number>();
    for (const { path, moment, label } of reached()) known.set(`${path}: ${moment} ${label}`, 0);
    for (const [point, count] of Object.entries(kills)) known.set(point, count);
    return known;
  };
  const isKilled = (step: string, moment: Moment) =>
    [...noted.values()].some((death) => death.step === step && death.moment === moment);
  const unkilledSides = (step: string) =>
    (["before", "after"] as const).flatMap((moment) => (isKilled(step, moment) ? [] : [`${moment} ${step}`]));
  write();

  return {
    folder,
    points,
    deaths: () => [...noted.values()],
    rounds: () => rounds,
    setWalk(agentId, walk) {
      if (walk === null) {
        arrived.add(walks[agentId]?.path ?? "");
        delete walks[agentId];
      } else walks[agentId] = { path: walk.path, killsLeft: walk.kills, fromLine: reached().length };
      write();
    },
    spareAll() {
      for (const walk of Object.values(walks)) walk.killsLeft = UNHARMED;
      deadly ??= reached().length;
      write();
    },
    noteEnd(pid) {
      const line = told().findIndex((each, index) => each.pid === pid && !noted.has(index));
      const death = told()[line];
      if (death === undefined) return null;
      noted.set(line, death);
      kills[death.point] = (kills[death.point] ?? 0) + 1;
      const walk = walks[death.agentId];
      if (walk !== undefined) walk.killsLeft -= 1;
      write();
      return death;
    },
    isWalked: (path) => reached().some((each) => each.path === path),
    coverage() {
      const counts = [...points().values()];
      return counts.filter((count) => count >= rounds).length / Math.max(1, counts.length);
    },
    need(path) {
      if (grain === "step") return reached().some((each) => each.path === path) ? 0 : 1;
      const ours = [...points()].filter(([point]) => point.startsWith(`${path}: `));
      const onIt = new Set(reached().flatMap((each) => (each.path === path ? [each.step] : [])));
      const sides = steps.filter((step) => onIt.has(step)).flatMap(unkilledSides).length;
      const known = ours.reduce(
        (sum, [, count]) => sum + (count === 0 ? NEWS_WORTH : Math.max(0, rounds - count)),
        sides * NEWS_WORTH,
      );
      return arrived.has(path) ? known : Math.max(known, NEVER_WALKED);
    },
    missing(wanted) {
      if (grain === "step") {
        const met = reached().flatMap(({ step, moment }) => (momentOf[step] === moment ? [step] : []));
        return [...new Set(met)].filter((step) => !moments.some((moment) => isKilled(step, moment)));
      }
      const passed = new Map<string, number>();
      for (const { path, moment, label } of reached().slice(0, deadly)) {
        const point = `${path}: ${moment} ${label}`;
        passed.set(point, (passed.get(point) ?? 0) + 1);
      }
      const unkilled = [...passed].flatMap(([point, times]) =>
        times > RARELY && (kills[point] ?? 0) === 0 ? [`${point}, passed ${times} times`] : [],
      );
      return [...wanted.flatMap(unkilledSides), ...unkilled];
    },
    reachedSince(agentId, step) {
      const from = walks[agentId]?.fromLine ?? 0;
      const since = reached().slice(from);
      return since.filter((each) => each.agentId === agentId && each.step === step && each.moment !== "before").length;
    },
    setRounds(count) {
      rounds = count;
      write();
    },
  };
}
