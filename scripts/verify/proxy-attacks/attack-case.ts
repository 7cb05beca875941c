import type { GuardName } from "../../../proxy/test/permissive-guards.ts";
import type { CarelessRequest } from "../steps/careless-reader.ts";
import type { RawBackend } from "../steps/raw-backend.ts";

/** One of the two customers that every proxy of the run has: anna attacks or is attacked, bert is the other. */
export interface Tenant {
  userId: string;
  token: string;
  cookie: string;
  backend: RawBackend;
}

/** A pair of customers behind one proxy; cases on different lanes don't meet. */
export interface Lane {
  port: number;
  anna: Tenant;
  bert: Tenant;
}

/** What can be seen of an attack while it runs. */
export interface Evidence {
  /** What the two backends understood, in the order in which it came. */
  anna: readonly CarelessRequest[];
  bert: readonly CarelessRequest[];
  /** What came back, Latin-1. */
  answer: string;
  isOpen: boolean;
}

export type LibraryName = "http-proxy" | "http-proxy, lenient" | "http-proxy, no upgrades";
/** The unsafe proxies, each for the attacks that it lets through: the library, and ours with one guard replaced. */
export type ControlName = LibraryName | `no ${GuardName}`;

export interface AttackCase {
  name: string;
  control: ControlName;
  /** Raw bytes (Latin-1) of one connection; several parts are sent one after the other. */
  send: (lane: Lane) => string | string[];
  /** How the agents behave in this case. */
  prepare?: (lane: Lane) => void;
  succeeded: (evidence: Evidence, lane: Lane) => boolean;
}

export interface AttackClass {
  name: string;
  cases: AttackCase[];
}
