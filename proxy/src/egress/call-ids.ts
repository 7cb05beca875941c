import { randomUUID } from "node:crypto";

/** Names of model calls: unique across processes, in ledger keys and usage rows, without randomness per call. */
export function makeCallIds(): () => string {
  const start = randomUUID();
  let count = 0;
  return () => {
    count += 1;
    return `call_${start}_${count.toString(36)}`;
  };
}
