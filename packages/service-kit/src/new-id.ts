import { randomBytes } from "node:crypto";
import { codeFrom, ID_BYTES, idFrom, type IdPrefix } from "@automna/core/shared/ids";

/** A fresh random id, e.g. `agt_…`. */
export function newId(prefix: IdPrefix): string {
  return idFrom(prefix, randomBytes(ID_BYTES));
}

/** A fresh random code for links, 5 bits per character. */
export function newCode(length: number): string {
  return codeFrom(randomBytes(length));
}
