/** One line for a row of tool calls: "Using read", "Used exec, read 3 times", with a word when one went wrong. */
export function toolSummary(names: readonly string[], isRunning: boolean, hasFailed: boolean): string {
  const counts = new Map<string, number>();
  for (const name of names) counts.set(name, (counts.get(name) ?? 0) + 1);
  const list = [...counts].map(([name, count]) => (count === 1 ? name : `${name} ${count} times`)).join(", ");
  return `${isRunning ? "Using" : "Used"} ${list}${hasFailed ? ", with an error" : ""}`;
}
