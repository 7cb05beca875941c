import { DAY_MS, HOUR_MS, MINUTE_MS, SECOND_MS } from "@automna/core/shared/clock";

/** "just now", "3 min", "2 h", "5 d": how long ago, in one short word with its unit. */
export function formatAge(ageMs: number): string {
  if (ageMs < 45 * SECOND_MS) return "just now";
  if (ageMs < HOUR_MS) return `${Math.max(1, Math.round(ageMs / MINUTE_MS))} min`;
  if (ageMs < DAY_MS) return `${Math.round(ageMs / HOUR_MS)} h`;
  return `${Math.round(ageMs / DAY_MS)} d`;
}

/** "0.4 s", "12 s", "2 min 5 s": a measured length. */
export function formatDuration(ms: number): string {
  if (ms < 10 * SECOND_MS) return `${(Math.max(0, ms) / 1000).toFixed(1)} s`;
  const seconds = Math.round(ms / 1000);
  return seconds < 120 ? `${seconds} s` : `${Math.floor(seconds / 60)} min ${seconds % 60} s`;
}

/** "December 22, 2026": a day that something ends on. */
export function formatDay(ms: number): string {
  return new Intl.DateTimeFormat("en-US", { dateStyle: "long" }).format(ms);
}
