import type { Clock } from "@automna/core/shared/clock";
import { appError } from "@automna/contract/error-catalogue";
import type { Database } from "@automna/records/database";
import type { KeyRing } from "@automna/service-kit/secret-box";
import type { Handlers } from "../http/routes.ts";
import type { CheckModelKey } from "./check-model-key.ts";
import { keyForm } from "./key-form.ts";
import { deleteModelKey, readKeyView, storeModelKey } from "./model-keys.ts";

export interface KeyHandlerDeps {
  db: Database;
  checkModelKey: CheckModelKey;
  modelKeyRing: KeyRing;
  limitKey: (userId: string) => void;
  now: Clock;
}

export function makeKeyHandlers({
  db,
  checkModelKey,
  modelKeyRing,
  limitKey,
  now,
}: KeyHandlerDeps): Pick<Handlers, "getKey" | "putKey" | "deleteKey"> {
  return {
    getKey: async ({ caller }) => ({ key: await readKeyView(db, caller.userId) }),
    async putKey({ caller, body: { key }, signal }) {
      const { userId } = caller;
      limitKey(userId);
      const form = keyForm(key);
      if (form === "subscription") throw appError("key_subscription_refused");
      if (form === "malformed") throw appError("key_invalid");
      const verdict = await checkModelKey(key, signal);
      if (verdict !== "valid") throw appError(verdict);
      await storeModelKey(db, modelKeyRing, { userId, key, now: now() });
      return { key: await readKeyView(db, userId) };
    },
    async deleteKey({ caller }) {
      await deleteModelKey(db, caller.userId);
      return { key: null };
    },
  };
}
