import { z } from "zod";
import { Refusal } from "./refusal.ts";
import { INSTALL_LABEL } from "./slot-names.ts";

const values = z.array(z.string().max(200)).max(1_000);
const filtersSchema = z.strictObject({
  id: values.optional(),
  name: values.optional(),
  label: values.optional(),
  node: values.optional(),
  service: values.optional(),
  "desired-state": values.optional(),
});

/** Filters of a list, with our label added: lists hold what is ours, whatever was asked for. */
export function ownFilters(text: string | undefined, installId: string): string {
  const asked = parseFilters(text);
  return JSON.stringify({ ...asked, label: [...(asked.label ?? []), `${INSTALL_LABEL}=${installId}`] });
}

function parseFilters(text: string | undefined): z.infer<typeof filtersSchema> {
  try {
    return filtersSchema.parse(JSON.parse(text ?? "{}"));
  } catch {
    throw new Refusal("filters that the rules don't know");
  }
}
