import { parse } from "qs";
import type { Metadata } from "./records.ts";
import { StripeFailure } from "./stripe-failure.ts";

/** What a bracketed form (`items[0][price]=…`) spells; leaves are strings. */
export type Form = Readonly<Record<string, unknown>>;

export function parseForm(text: string): Form {
  return parse(text, { depth: 10, arrayLimit: 100 });
}

/** The field's text; null when it is missing or was emptied (the vendor's way to unset). */
export function textOf(form: Form, name: string): string | null {
  const value = form[name];
  return typeof value === "string" && value !== "" ? value : null;
}

export function needText(form: Form, name: string): string {
  const value = textOf(form, name);
  if (value === null)
    throw new StripeFailure(400, `Missing required param: ${name}.`, { code: "parameter_missing", param: name });
  return value;
}

export function integerOf(form: Form, name: string): number | null {
  const value = textOf(form, name);
  if (value === null) return null;
  const number = Number(value);
  if (!Number.isSafeInteger(number))
    throw new StripeFailure(400, `Invalid integer: ${value}`, { code: "parameter_invalid_integer", param: name });
  return number;
}

export function flagOf(form: Form, name: string): boolean | null {
  const value = textOf(form, name);
  return value === null ? null : value === "true";
}

export function formOf(form: Form, name: string): Form {
  const value = form[name];
  return isForm(value) ? value : {};
}

export function formsOf(form: Form, name: string): Form[] {
  const value = form[name];
  return Array.isArray(value) ? value.filter(isForm) : [];
}

export function textsOf(form: Form, name: string): string[] {
  const value = form[name];
  return Array.isArray(value) ? value.filter((item) => typeof item === "string") : [];
}

/** Metadata as sent: keys with an empty value go, the others are added to what is there. */
export function metadataOf(form: Form, before: Metadata = {}): Metadata {
  const changes = Object.entries(formOf(form, "metadata")).map(([key, value]) => [key, String(value)] as const);
  return Object.fromEntries(
    [...Object.entries(before), ...changes].filter(
      ([key]) => !changes.some(([name, text]) => name === key && text === ""),
    ),
  );
}

function isForm(value: unknown): value is Form {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
