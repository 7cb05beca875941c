import { Ajv } from "ajv";

/** What a JSON schema (draft 7) finds wrong with a value; empty = nothing. Formats are not looked at. */
export function findSchemaErrors(schema: object, value: unknown): string[] {
  const validate = new Ajv({ strict: false, validateFormats: false }).compile(schema);
  return validate(value)
    ? []
    : (validate.errors ?? []).map(({ instancePath, message = "" }) => `${instancePath} ${message}`);
}
