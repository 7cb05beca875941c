import { PrismaPg } from "@prisma/adapter-pg";
import type { Pool } from "pg";
import { PrismaClient } from "./generated/client.ts";

export interface PrismaPoolOptions {
  /** Most connections that this client opens. */
  max: number;
}

/** A client with its own connection pool; connects on first use, and `$disconnect()` closes the pool. */
export function createPrismaClient(connectionString: string, { max }: PrismaPoolOptions): PrismaClient {
  return new PrismaClient({ adapter: new PrismaPg({ connectionString, max }) });
}

/** A client over somebody else's pool, who closes it. */
export function createPrismaClientOver(pool: Pool): PrismaClient {
  return new PrismaClient({ adapter: new PrismaPg(pool) });
}

export type { PrismaClient } from "./generated/client.ts";
