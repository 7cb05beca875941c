import { z } from "zod";
import type { SlotPolicy } from "./config.ts";
import { Refusal } from "./refusal.ts";
import { INSTALL_LABEL, secretNamePattern, SLOT_LABEL, slotIdOf } from "./slot-names.ts";

const DATA_LENGTH_MAX = 8_192;

const secretSpec = z.strictObject({
  Name: z.string().regex(secretNamePattern),
  Labels: z.strictObject({ [INSTALL_LABEL]: z.string(), [SLOT_LABEL]: z.string() }),
  Data: z.base64().max(DATA_LENGTH_MAX),
});
export type SecretSpec = z.infer<typeof secretSpec>;

/** A secret of one of this installation's slots, from a request's body. Refuses what is anything else. */
export function parseSecretSpec(body: unknown, { installId }: SlotPolicy): SecretSpec {
  const parsed = secretSpec.safeParse(body);
  // The parser's words could quote the secret.
  if (!parsed.success) throw new Refusal("not a slot's secret");
  const { Name: name, Labels: owner } = parsed.data;
  if (owner[INSTALL_LABEL] !== installId || owner[SLOT_LABEL] !== slotIdOf(name))
    throw new Refusal("a secret with labels of something else");
  return parsed.data;
}
