import { createHmac, randomBytes } from "node:crypto";
import { makeStartToken, readStartToken } from "@automna/service-kit/start-link";

/** What an admitted browser keeps: a token like a start link's, under a key of its own, so that neither opens the other's door. */
export function makeAdmission(startKey: string, expiresAtMs: number): string {
  return makeStartToken(admissionKey(startKey), { nonce: randomBytes(16).toString("base64url"), expiresAtMs });
}

/** True for an admission that we gave and that has not expired. */
export function isAdmission(startKey: string, text: string, now: number): boolean {
  return readStartToken(admissionKey(startKey), text, now) !== null;
}

function admissionKey(startKey: string): string {
  return createHmac("sha256", startKey).update("automna/admission/v1").digest("base64url");
}
