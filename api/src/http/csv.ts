/** A line of a CSV file (RFC 4180). */
export function toCsvRow(cells: readonly string[]): string {
  return `${cells.map(quoteCsv).join(",")}\r\n`;
}

/** Quoted, and never a formula for the spreadsheet that opens it. */
export function quoteCsv(text: string): string {
  const harmless = /^[=+\-@\t\r]/.test(text) ? `'${text}` : text;
  return `"${harmless.replaceAll('"', '""')}"`;
}
