import { isAppError } from "@automna/core/shared/app-error";
import type { Database } from "@automna/records/database";
import { acquireLease, releaseLease, renewLease, type Lease } from "@automna/records/leases";

export interface LeaseTerms {
  db: Database;
  /** Who we are; unique per process, which never asks for the same key twice at a time. */
  holder: string;
  ttlMs: number;
  renewMs: number;
}

/** Somebody else holds the lease, or took it while we worked. */
export const leaseTaken = Symbol("lease taken");

/**
 * Does `work` while holding `key`. The signal that work gets is aborted with `signal`, and when the lease is lost or
 * could not be renewed in time: whoever works on then works against its successor.
 */
export async function holdLease<Result>(
  { db, holder, ttlMs, renewMs }: LeaseTerms,
  key: string,
  signal: AbortSignal,
  work: (lease: Lease, signal: AbortSignal) => Promise<Result>,
): Promise<Result | typeof leaseTaken> {
  const lease = await acquireLease(db, key, holder, ttlMs);
  if (lease === null) return leaseTaken;
  const lost = new AbortController();
  let heldUntil = performance.now() + ttlMs;
  const timer = setInterval(() => {
    const askedAt = performance.now();
    renewLease(db, lease, ttlMs).then(
      () => (heldUntil = askedAt + ttlMs),
      (error: unknown) => {
        // A database that is away for a moment does not take the lease from us; time does.
        if (isAppError(error, "lease_lost")) lost.abort(error);
      },
    );
    if (askedAt + renewMs > heldUntil) lost.abort(new Error("the lease could not be renewed in time"));
  }, renewMs);
  try {
    return await work(lease, AbortSignal.any([signal, lost.signal]));
  } catch (error) {
    if (
      isAppError(error, "lease_lost") ||
      isAppError(error, "fencing_outdated") ||
      (lost.signal.aborted && !signal.aborted)
    )
      return leaseTaken;
    throw error;
  } finally {
    clearInterval(timer);
    // A lease that can't be given back runs out, or is taken anew by us; what happened in `work` matters more.
    await releaseLease(db, lease).catch(() => undefined);
  }
}
