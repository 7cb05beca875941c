import { once } from "node:events";
import { describeEntry } from "@automna/core/credits/statement";
import { listStatement, type StatementEntry } from "@automna/records/credits/statement";
import type { Pool } from "@automna/records/pool";
import type { Response } from "express";
import { quoteCsv } from "../http/csv.ts";

const PAGE = 1_000;
const HEAD = "number,date,description,credits,balance\r\n";

/** Streams the whole statement, page by page, as fast as the reader takes it (RFC 4180). */
export async function sendStatementCsv(
  pool: Pool,
  userId: string,
  { response, signal }: { response: Response; signal: AbortSignal },
): Promise<void> {
  // Before the headers: a database that is away is an error answer, not half a file.
  let page = await listStatement(pool, { userId, before: null, limit: PAGE });
  response.set({
    "content-type": "text/csv; charset=utf-8",
    "content-disposition": 'attachment; filename="automna-credits.csv"',
  });
  response.write(HEAD);
  while (page.length > 0) {
    signal.throwIfAborted();
    if (!response.write(page.map(toCsvLine).join(""))) await once(response, "drain", { signal });
    page =
      page.length < PAGE ? [] : await listStatement(pool, { userId, before: page.at(-1)?.number ?? 0, limit: PAGE });
  }
  response.end();
}

export function toCsvLine({ number, atMs, kind, subject, credits, balanceAfter }: StatementEntry): string {
  const cells = [number, new Date(atMs).toISOString(), quoteCsv(describeEntry(kind, subject)), credits, balanceAfter];
  return `${cells.join(",")}\r\n`;
}
