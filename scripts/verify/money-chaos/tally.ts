import type { HistoryReport } from "./play-history.ts";

/** What all histories of a run come to. */
export interface Tally {
  /** Answers what it found wrong in words that tell how to play it again. */
  add: (name: string, report: HistoryReport) => readonly string[];
  histories: () => number;
  crashes: () => number;
  mostWrites: () => number;
  repairsWithoutLoss: () => number;
  violations: () => readonly string[];
  figures: () => [string, number][];
}

export function makeTally(): Tally {
  const reports: HistoryReport[] = [];
  const violations: string[] = [];
  const sum = (toNumber: (report: HistoryReport) => number) => reports.reduce((total, one) => total + toNumber(one), 0);
  const withLoss = () => reports.filter(({ mail }) => mail.lost > 0);
  return {
    add(name, report) {
      reports.push(report);
      const found = report.violations.map((what) => `${name}: ${what} (${report.log.join(", ")})`);
      violations.push(...found);
      return found;
    },
    histories: () => reports.length,
    crashes: () => sum(({ crashes }) => crashes),
    mostWrites: () => Math.max(0, ...reports.map(({ writes }) => writes)),
    repairsWithoutLoss: () =>
      reports.filter(({ mail }) => mail.lost === 0).reduce((total, { repairs }) => total + repairs, 0),
    violations: () => violations,
    figures: () => [
      ["histories", reports.length],
      ["moves", sum(({ moves }) => moves)],
      ["Stripe's events", sum(({ mail }) => mail.events)],
      ["deliveries", sum(({ mail }) => mail.deliveries)],
      ["deliveries refused by a dead process", sum(({ mail }) => mail.refused)],
      ["events lost", sum(({ mail }) => mail.lost)],
      ["histories with lost events", withLoss().length],
      ["repairs in those", withLoss().reduce((total, { repairs }) => total + repairs, 0)],
      ["crashes", sum(({ crashes }) => crashes)],
    ],
  };
}
