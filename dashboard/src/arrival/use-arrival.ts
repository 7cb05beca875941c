import { isAppError } from "@automna/core/shared/app-error";
import { useEffect } from "react";
import type { ApiClient } from "../api/api-client.ts";
import { usePlatform } from "../api/api-context.tsx";
import { forgetArrival, readArrival, type Arrival } from "./arrival.ts";

/** Once somebody is signed in: says through whose link they came and accepts their invitation. */
export function useArrival(): void {
  const { api } = usePlatform();
  useEffect(() => {
    const store = openStore();
    if (store === null) return;
    const arrival = readArrival(store, Date.now());
    if (arrival.referral === null && arrival.invite === null) return;
    tell(api, arrival).then(
      () => forgetArrival(store),
      // Told again with the next visit; nobody waits for it.
      () => undefined,
    );
  }, [api]);
}

async function tell(api: ApiClient, { referral, invite }: Arrival): Promise<void> {
  if (referral !== null) await api.call("claimReferral", { body: referral });
  if (invite === null) return;
  try {
    await api.call("redeemInvite", { body: { code: invite } });
  } catch (error) {
    // Used or expired: asking again would not help.
    if (!isAppError(error, "invite_invalid")) throw error;
  }
}

/** Null where storage is closed (private mode). */
export function openStore(): Storage | null {
  try {
    return localStorage;
  } catch {
    return null;
  }
}
