import { randomBytes } from "node:crypto";
import { ID_BYTES, idFrom, type IdPrefix } from "@automna/core/shared/ids";

/** A fresh random id, e.g. `agt_…`. */
export function newId(prefix: IdPrefix): string {
  return idFrom(prefix, randomBytes(ID_BYTES));
}
