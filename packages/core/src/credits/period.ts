export interface Period {
  startMs: number;
  endMs: number;
}

/**
 * The monthly period around `now` of somebody who began at `anchorMs`, in UTC. An anchor on the 31st falls on the last day
 * of a shorter month and back on the 31st after it, as Stripe's billing cycles do.
 */
export function monthlyPeriod(anchorMs: number, now: number): Period {
  const anchor = new Date(anchorMs);
  const today = new Date(now);
  const months = (today.getUTCFullYear() - anchor.getUTCFullYear()) * 12 + today.getUTCMonth() - anchor.getUTCMonth();
  const begun = addMonths(anchor, months) > now ? months - 1 : months;
  return { startMs: addMonths(anchor, begun), endMs: addMonths(anchor, begun + 1) };
}

function addMonths(anchor: Date, months: number): number {
  const first = new Date(anchor);
  first.setUTCDate(1);
  first.setUTCMonth(first.getUTCMonth() + months);
  const lastDay = new Date(Date.UTC(first.getUTCFullYear(), first.getUTCMonth() + 1, 0)).getUTCDate();
  return first.setUTCDate(Math.min(anchor.getUTCDate(), lastDay));
}
