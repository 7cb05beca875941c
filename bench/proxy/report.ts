import { disciplines } from "./disciplines.ts";
import type { ProxyFigures } from "./run.ts";
import { pairedRatio } from "./stats.ts";

const BEGIN = "<!-- figures of `npm run bench -- proxy` -->";
const END = "<!-- end of figures -->";

/** The table of docs/performance.md: everything relative to who does the same job. */
export function toTable(figures: ProxyFigures): string {
  const { small = {} } = figures.disciplines;
  const names = Object.keys(small);
  const rows = [
    ["", ...names],
    ["---", ...names.map(() => "---:")],
    ...disciplines.map(({ name, unit }) => [`CPU µs per ${unit}`, ...names.map((one) => cpuOf(figures, name, one))]),
    ["… small, relative to httpxy", ...names.map((one) => ratioOf(figures, ["small", one], ["small", "httpxy"]))],
    [
      "… small, relative to configurable-http-proxy",
      ...names.map((one) => ratioOf(figures, ["small", one], ["small", "configurable-http-proxy"])),
    ],
    [
      "… WebSocket, relative to configurable-http-proxy",
      ...names.map((one) => ratioOf(figures, ["echo", one], ["echo", "configurable-http-proxy"])),
    ],
    ["p50 added at 500 a second, ms", ...names.map((one) => addedMs(figures, one, "p50Ms"))],
    ["p99 added at 500 a second, ms", ...names.map((one) => addedMs(figures, one, "p99Ms"))],
    ["kB resident per idle pair", ...names.map((one) => figures.idle[one]?.kbPerPair.toFixed(1) ?? "")],
  ];
  return `${rows.map((cells) => `| ${cells.join(" | ")} |`).join("\n")}\n${routesLine(figures)}`;
}

/** Puts the table between the marks of a page; the rest is people's. */
export function replaceTable(page: string, table: string): string {
  const [from, to] = [page.indexOf(BEGIN), page.indexOf(END)];
  if (from === -1 || to === -1) throw new Error("the page has no place for the figures");
  return `${page.slice(0, from + BEGIN.length)}\n\n${table}\n${page.slice(to)}`;
}

function cpuOf({ disciplines: taken }: ProxyFigures, discipline: string, name: string): string {
  const one = taken[discipline]?.[name];
  return one === undefined || one.cpuUs === 0 ? "" : `${one.cpuUs.toFixed(1)} ± ${(one.spread * 100).toFixed(0)} %`;
}

function ratioOf(figures: ProxyFigures, of: [string, string], to: [string, string]): string {
  const found = ratio(figures, of, to);
  return found === null || found === 0 ? "" : found.toFixed(2);
}

/**
 * Processor time of one against another: the median of the rounds' ratios, or of the best rounds. Null when one of them was
 * not measured.
 */
export function ratio(
  { disciplines: taken }: ProxyFigures,
  [discipline, name]: [string, string],
  [otherDiscipline, other]: [string, string],
  field: "cpuUs" | "bestUs" = "cpuUs",
): number | null {
  const [one, two] = [taken[discipline]?.[name], taken[otherDiscipline]?.[other]];
  if (one === undefined || two === undefined) return null;
  return field === "cpuUs" ? pairedRatio(one.roundsUs, two.roundsUs) : one[field] / two[field];
}

function addedMs({ disciplines: taken }: ProxyFigures, name: string, field: "p50Ms" | "p99Ms"): string {
  const [one, direct] = [taken["paced"]?.[name], taken["paced"]?.["direct"]];
  return one === undefined || direct === undefined || name === "direct" ? "" : (one[field] - direct[field]).toFixed(2);
}

function routesLine({ routes }: ProxyFigures): string {
  if (routes === null) return "";
  const { one, many, count } = routes;
  return `\nWith ${count.toLocaleString("en")} routes remembered, a small request costs ${pairedRatio(many.roundsUs, one.roundsUs).toFixed(2)} of what it costs with one.\n`;
}
