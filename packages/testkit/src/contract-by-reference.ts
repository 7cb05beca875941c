import { readFile } from "node:fs/promises";
import { Ajv, type ErrorObject, type ValidateFunction } from "ajv";
import { parse } from "qs";
import type { ContractRequest, DescribedOperation, Description } from "./contract.ts";

interface Operation {
  parameters?: readonly { name: string; in: string; required?: boolean }[];
  requestBody?: { required?: boolean; content: Readonly<Record<string, { schema?: unknown }>> };
  responses: Readonly<Record<string, { content?: Readonly<Record<string, { schema?: unknown }>> }>>;
}
interface Document {
  paths: Readonly<Record<string, Readonly<Record<string, Operation>>>>;
  components?: { schemas?: Readonly<Record<string, { "x-stub"?: boolean }>> };
}

/** Schemas by name, for those of which a derived description knows no more than that they exist (`x-stub`). */
export type StubSchemas = Readonly<Record<string, object>>;

const FORM = "application/x-www-form-urlencoded";
const ID = "description";

/**
 * A large description whose bodies are forms, checked by reference: each schema is compiled once, whoever refers to it.
 * (openapi-backend resolves all references first: for Stripe's 1,272 schemas that costs 800 MB and seconds per operation,
 * and it tells operations apart by their ids, of which that file has some twice.) Form values are text, so they are
 * coerced to the described types; answers stay strict.
 */
export function openByReference(path: string, stubs: StubSchemas = {}): Promise<Description> {
  const key = JSON.stringify([path, Object.keys(stubs)]);
  const known = opened.get(key) ?? readDescription(path, stubs);
  opened.set(key, known);
  return known;
}

// What was compiled once serves every stand-in of the process.
const opened = new Map<string, Promise<Description>>();

async function readDescription(path: string, stubs: StubSchemas): Promise<Description> {
  const document = fillStubs(JSON.parse(await readFile(path, "utf8")) as Document, stubs);
  const options = {
    allErrors: true,
    strict: false,
    validateSchema: false,
    formats: { decimal: /^-?\d+(\.\d+)?$/ },
  } as const;
  const answers = new Ajv(options).addSchema({ ...document, $id: ID });
  const requests = new Ajv({ ...options, coerceTypes: true }).addSchema({ ...document, $id: ID });
  const compiled = new Map<string, ValidateFunction>();

  const check = (ajv: Ajv, pointer: readonly string[], value: unknown): ErrorObject[] => {
    const reference = `${ID}#/${pointer.map(escapePointer).join("/")}`;
    const key = `${ajv === requests ? "request" : "answer"} ${reference}`;
    const validate = compiled.get(key) ?? ajv.compile({ $ref: reference });
    compiled.set(key, validate);
    return validate(value) ? [] : (validate.errors ?? []);
  };

  return {
    find({ method, path: target }) {
      const verb = method.toLowerCase();
      const template = findTemplate(document, verb, target.split("?")[0] ?? "");
      const operation = template === null ? undefined : document.paths[template]?.[verb];
      if (template === null || operation === undefined) return null;
      const at = ["paths", template, verb];
      return {
        requestErrors: (request) => [
          ...queryErrors(operation, at, request, (pointer, value) => check(requests, pointer, value)),
          ...bodyErrors(operation, at, request, (pointer, value) => check(requests, pointer, value)),
        ],
        answerErrors({ status, body }) {
          const name = [String(status), `${String(status)[0]}XX`, "default"].find((item) =>
            Object.hasOwn(operation.responses, item),
          );
          if (name === undefined) return [{ message: "is a status that the description does not name" }];
          return check(answers, [...at, "responses", name, "content", "application/json", "schema"], body);
        },
      } satisfies DescribedOperation;
    },
  };
}

/** A schema that says more than its stub counts; one that the description has itself stays. */
function fillStubs(document: Document, stubs: StubSchemas): Document {
  const schemas = document.components?.schemas ?? {};
  const filled = Object.entries(stubs).filter(([name]) => schemas[name]?.["x-stub"] === true);
  return {
    ...document,
    components: { ...document.components, schemas: { ...schemas, ...Object.fromEntries(filled) } },
  };
}

type Check = (pointer: readonly string[], value: unknown) => { instancePath?: string; message?: string }[];

function queryErrors(operation: Operation, at: readonly string[], { path }: ContractRequest, check: Check) {
  const query = parse(path.split("?")[1] ?? "");
  const parameters = (operation.parameters ?? [])
    .map((parameter, index) => ({ ...parameter, index }))
    .filter((parameter) => parameter.in === "query");
  const unknown = Object.keys(query).filter((name) => !parameters.some((parameter) => parameter.name === name));
  return [
    ...unknown.map((name) => ({ instancePath: `/query/${name}`, message: "is not described" })),
    ...parameters.flatMap(({ name, index, required = false }) => {
      if (!(name in query)) return required ? [{ instancePath: `/query/${name}`, message: "is missing" }] : [];
      return check([...at, "parameters", String(index), "schema"], query[name]);
    }),
  ];
}

function bodyErrors({ requestBody }: Operation, at: readonly string[], { body }: ContractRequest, check: Check) {
  if (requestBody === undefined) return body === undefined ? [] : [{ message: "has a body that is not described" }];
  if (body === undefined) return requestBody.required === true ? [{ message: "lacks its body" }] : [];
  return check([...at, "requestBody", "content", FORM, "schema"], body);
}

/** The described path that fits; one without variable parts goes first. */
function findTemplate({ paths }: Document, verb: string, path: string): string | null {
  const parts = path.split("/");
  const fitting = Object.keys(paths).filter((template) => {
    const names = template.split("/");
    return (
      names.length === parts.length &&
      names.every((name, index) => name.startsWith("{") || name === parts[index]) &&
      paths[template]?.[verb] !== undefined
    );
  });
  return fitting.toSorted((a, b) => a.split("{").length - b.split("{").length)[0] ?? null;
}

function escapePointer(part: string): string {
  return encodeURIComponent(part.replaceAll("~", "~0").replaceAll("/", "~1"));
}
