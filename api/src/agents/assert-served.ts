import { serviceFor, type Refusal } from "@automna/core/billing/service";
import type { Tier } from "@automna/core/tiers/catalogue";
import { appError } from "@automna/contract/error-catalogue";
import { BILLING_PATH, PLANS_PATH, SETTINGS_PATH } from "@automna/contract/paths";
import { lockBilling, readServiceFacts } from "@automna/records/billing";
import type { Transaction } from "@automna/records/database";

/** Where a refused customer can do something about it. */
const remedies: Record<Refusal, string> = {
  plan_needed: PLANS_PATH,
  plan_ended: PLANS_PATH,
  payment_failed: BILLING_PATH,
  account_ending: SETTINGS_PATH,
};

/**
 * The plan on which a customer's agent may run, which stays so until the transaction ends. Throws the refusal's error,
 * whose details name the page that helps.
 */
export async function assertServed(tx: Transaction, userId: string, freeTier: Tier | null): Promise<Tier> {
  await lockBilling(tx, userId);
  const service = serviceFor({ ...(await readServiceFacts(tx, userId)), freeTier });
  if (service.kind === "refused") throw appError(service.why, { details: { page: remedies[service.why] } });
  return service.tier;
}
