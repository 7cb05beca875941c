import { formatAge } from "./relative-time.ts";
import { useNow } from "./use-now.ts";

interface RelativeTimeProps {
  atMs: number;
  /** "ago" behind the age: "3 h ago". */
  ago?: boolean;
}

/** An age in words with the exact time on hover. */
export function RelativeTime({ atMs, ago = false }: RelativeTimeProps) {
  const now = useNow(20_000);
  const age = formatAge(now - atMs);
  const exact = new Date(atMs);
  return (
    <time
      dateTime={exact.toISOString()}
      title={exact.toLocaleString(undefined, { dateStyle: "full", timeStyle: "medium" })}
    >
      {ago && age !== "just now" ? `${age} ago` : age}
    </time>
  );
}
