import { appError } from "@automna/contract/error-catalogue";
import { MINUTE_MS, SECOND_MS, type Clock } from "@automna/core/shared/clock";
import { makeRateLimit } from "../ingress/limits-rate.ts";

/** What strangers may use of an app and of the listener. */
export interface AppLimits {
  /** Requests of one app, and of one address whatever it asks for: in the long run, and at once. */
  app: { requestsPerS: number; requestsBurst: number; underWay: number };
  address: { requestsPerS: number; requestsBurst: number; underWay: number };
  /** Passwords tried on one app from one address, and from all: so many at once, and then so many per minute. */
  attemptsPerMinute: { address: number; app: number };
  /** Bytes that leave one app: in the long run, and at once. */
  bytesPerS: number;
  bytesBurst: number;
  /** The largest file. */
  fileMaxBytes: number;
}

const MB = 1024 * 1024;

export const defaultAppLimits: AppLimits = {
  // A page with its images is some fifty requests.
  app: { requestsPerS: 100, requestsBurst: 500, underWay: 64 },
  address: { requestsPerS: 50, requestsBurst: 300, underWay: 32 },
  attemptsPerMinute: { address: 5, app: 30 },
  bytesPerS: 4 * MB,
  bytesBurst: 512 * MB,
  fileMaxBytes: 100 * MB,
};

/** Counts who asks for what. Everything throws `too_many_requests`, with the seconds to wait. */
export interface Counters {
  address: (address: string) => void;
  app: (label: string) => void;
  /** A password is about to be tried. */
  attempt: (label: string, address: string) => void;
  /** Takes places for an exchange; returns how to give them back, with the bytes that went out. */
  begin: (label: string, address: string) => (bytesOut: number) => void;
}

/** Each process counts for itself. */
export function makeCounters(limits: AppLimits, now: Clock): Counters {
  const { attemptsPerMinute } = limits;
  const perMinute = (count: number) =>
    makeRateLimit({ requestsPerS: (count * SECOND_MS) / MINUTE_MS, requestsBurst: count }, now);
  const attemptOfAddress = perMinute(attemptsPerMinute.address);
  const attemptOnApp = perMinute(attemptsPerMinute.app);
  const underWay = { app: makePlaces(limits.app.underWay), address: makePlaces(limits.address.underWay) };
  const bytes = makeAllowance({ perS: limits.bytesPerS, burst: limits.bytesBurst, now });
  const countApp = makeRateLimit(limits.app, now);
  return {
    address: makeRateLimit(limits.address, now),
    app(label) {
      countApp(label);
      bytes.assertLeft(label);
    },
    attempt(label, address) {
      // First the one that an attacker uses up for nobody else.
      attemptOfAddress(`${label} ${address}`);
      attemptOnApp(label);
    },
    begin(label, address) {
      const leaveAddress = underWay.address(address);
      const leaveApp = orUndo(() => underWay.app(label), leaveAddress);
      return (bytesOut) => {
        leaveAddress();
        leaveApp();
        bytes.take(label, bytesOut);
      };
    },
  };
}

function makePlaces(max: number): (key: string) => () => void {
  const taken = new Map<string, number>();
  return (key) => {
    const count = taken.get(key) ?? 0;
    if (count >= max) throw appError("too_many_requests", { details: { limit: "at once", retryAfterS: 1 } });
    taken.set(key, count + 1);
    return () => {
      const left = (taken.get(key) ?? 1) - 1;
      if (left === 0) taken.delete(key);
      else taken.set(key, left);
    };
  };
}

/** Entries remembered before those that owe nothing are dropped. */
const SWEEP_AT = 10_000;

/** What went out is paid for afterwards: nobody can know before how much of a file a visitor takes. */
function makeAllowance({ perS, burst, now }: { perS: number; burst: number; now: Clock }) {
  /** When all that was taken will have been earned. */
  const paidAtMs = new Map<string, number>();
  const burstMs = (burst / perS) * SECOND_MS;
  return {
    assertLeft(key: string) {
      const debtMs = (paidAtMs.get(key) ?? 0) - now() - burstMs;
      if (debtMs > 0)
        throw appError("too_many_requests", {
          details: { limit: "bytes", retryAfterS: Math.ceil(debtMs / SECOND_MS) },
        });
    },
    take(key: string, count: number) {
      if (count === 0) return;
      if (paidAtMs.size >= SWEEP_AT) for (const [each, atMs] of paidAtMs) if (atMs <= now()) paidAtMs.delete(each);
      paidAtMs.set(key, Math.max(paidAtMs.get(key) ?? 0, now()) + (count / perS) * SECOND_MS);
    },
  };
}

function orUndo<Value>(run: () => Value, undo: () => void): Value {
  try {
    return run();
  } catch (error) {
    undo();
    throw error;
  }
}
