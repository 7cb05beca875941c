import { readFileSync } from "node:fs";
import { z } from "zod";

/** Marks a variable as a secret: production gives it as a file, which a test of the stack checks. */
export const secretMark = { isSecret: true } as const;

export type Environment = Readonly<Record<string, string | undefined>>;

/**
 * Reads a service's configuration from its environment by one schema, whose keys are the variables' names.
 * A variable `X` may come as `X_FILE` with the path of a file that holds the value (Docker secrets, S25). What is empty counts
 * as not set: a stack names every variable and secret, also those that an installation does without.
 * Throws one error that names every wrong variable and what it is for (its schema description).
 */
export function loadConfig<Shape extends Record<string, z.ZodType>>(
  schema: z.ZodObject<Shape>,
  env: Environment,
): z.infer<z.ZodObject<Shape>> {
  const values: Record<string, string> = {};
  for (const name of Object.keys(schema.shape)) {
    const value = readVariable(name, env);
    if (value !== undefined) values[name] = value;
  }
  const parsed = schema.safeParse(values);
  if (parsed.success) return parsed.data;
  const lines = parsed.error.issues.map((issue) => {
    const name = String(issue.path[0] ?? "");
    const field = schema.shape[name];
    const purpose = field?.description === undefined ? "" : ` (${field.description})`;
    return `  ${name}${purpose}: ${issue.message}`;
  });
  throw new Error(`configuration is not usable:\n${[...new Set(lines)].join("\n")}`);
}

function readVariable(name: string, env: Environment): string | undefined {
  const direct = env[name];
  const path = env[`${name}_FILE`];
  if (direct !== undefined && path !== undefined) throw new Error(`set either ${name} or ${name}_FILE, not both`);
  if (path === undefined) return direct === "" ? undefined : direct;
  try {
    const content = readFileSync(path, "utf8").trimEnd();
    return content === "" ? undefined : content;
  } catch (cause) {
    throw new Error(`${name}_FILE can't be read (${path})`, { cause });
  }
}

/** A TCP port; 0 lets the system choose. */
export const portSchema = z.coerce.number().int().min(0).max(65_535);
/** "true" or "false". */
export const flagSchema = z.enum(["true", "false"]).transform((value) => value === "true");
/** A comma-separated list of URLs. */
export const urlListSchema = z
  .string()
  .transform((text) =>
    text
      .split(",")
      .map((part) => part.trim())
      .filter(Boolean),
  )
  .pipe(z.array(z.url()).min(1));
