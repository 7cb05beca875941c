/** Names that everything of a slot is made from (core/shared/ids: `slt_` and 20 characters of base 32). */
const SLOT_ID = "slt_[a-z0-9]{20}";

export const INSTALL_LABEL = "automna.install";
export const SLOT_LABEL = "automna.slot";

export const slotIdPattern = new RegExp(`^${SLOT_ID}$`);
export const serviceNamePattern = new RegExp(`^automna-${SLOT_ID}$`);
export const secretNamePattern = new RegExp(`^automna-${SLOT_ID}-[a-z][a-z0-9-]{0,30}$`);

/** The slot that a service or secret name belongs to. */
export function slotIdOf(name: string): string {
  return new RegExp(SLOT_ID).exec(name)?.[0] ?? "";
}
