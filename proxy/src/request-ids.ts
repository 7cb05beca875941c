import { randomBytes } from "node:crypto";

/** Ids that are unique across processes and cost no randomness each: a random start, then a count. */
export function makeRequestIds(): () => string {
  const start = randomBytes(9).toString("base64url");
  let count = 0;
  return () => {
    count += 1;
    return `req_${start}_${count.toString(36)}`;
  };
}
