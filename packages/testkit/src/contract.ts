import { basename } from "node:path";
import { OpenAPIBackend, type Operation } from "openapi-backend";
import { openByReference, type StubSchemas } from "./contract-by-reference.ts";
import { findSpec } from "./contract-files.ts";

export interface ContractRequest {
  method: string;
  /** With its query. */
  path: string;
  headers: Readonly<Record<string, string | string[] | undefined>>;
  body?: unknown;
}

export interface ContractAnswer {
  status: number;
  /** Parsed JSON. */
  body: unknown;
}

export interface Contract {
  /** False where the vendor's description is not on this machine: then nothing below finds anything. */
  isChecked: boolean;
  /** What broke the description so far, one sentence each. */
  violations: readonly string[];
  checkRequest: (request: ContractRequest) => void;
  checkAnswer: (request: ContractRequest, answer: ContractAnswer) => void;
  /** Throws with every violation when there is one. */
  assertKept: () => void;
}

export interface ContractOptions {
  vendor: string;
  /** Names that the description may have in a folder of contract-files, best first; JSON or YAML. */
  files: readonly string[];
  /** `METHOD /path/:part` that the fake has and the description lacks, with the reason. Anything else that it does not know is a violation. */
  undescribed?: Readonly<Record<string, string>>;
  /** Full path instead of a search; null = as if it were on no folder. */
  path?: string | null;
  /** Bodies are forms, parsed before they come here; the description is JSON. */
  isForm?: boolean;
  /** What the description (one of forms) leaves open about objects that it only names. */
  stubs?: StubSchemas;
}

/** What is wrong, and where. */
export interface ContractFinding {
  instancePath?: string;
  message?: string;
}

/** One operation of a description. */
export interface DescribedOperation {
  requestErrors: (request: ContractRequest) => readonly ContractFinding[];
  answerErrors: (answer: ContractAnswer) => readonly ContractFinding[];
}

export interface Description {
  /** Null = the description has no such operation. */
  find: (request: ContractRequest) => DescribedOperation | null;
}

const announced = new Set<string>();

/** Opens the vendor's description for checking what a fake hears and says. Says so loudly where there is none. */
export async function openContract({
  vendor,
  files,
  undescribed = {},
  path = findSpec(files),
  isForm = false,
  stubs = {},
}: ContractOptions): Promise<Contract> {
  if (path === null) return makeUnchecked(vendor, files);
  const description = isForm ? await openByReference(path, stubs) : await openDescription(path);
  const violations: string[] = [];

  const find = (request: ContractRequest): DescribedOperation | null => {
    const { method, path: target } = request;
    if (isUndescribed(undescribed, method, pathOf(target))) return null;
    const operation = description.find(request);
    if (operation === null) violations.push(`${vendor}: ${method} ${target} is not in ${basename(path)}`);
    return operation;
  };
  const report = (what: string, errors: readonly ContractFinding[] = []) => {
    for (const error of errors)
      violations.push(`${vendor}: ${what}: ${error.instancePath ?? ""} ${error.message ?? "is wrong"}`);
  };

  return {
    isChecked: true,
    violations,
    checkRequest(request) {
      report(`request ${request.method} ${request.path}`, find(request)?.requestErrors(request));
    },
    checkAnswer(request, answer) {
      report(`answer ${answer.status} to ${request.method} ${request.path}`, find(request)?.answerErrors(answer));
    },
    assertKept() {
      if (violations.length > 0) throw new Error(`The vendor's description was broken:\n  ${violations.join("\n  ")}`);
    },
  };
}

async function openDescription(path: string): Promise<Description> {
  const backend = new OpenAPIBackend({ definition: path, quick: true, ajvOpts: { allErrors: true, strict: false } });
  await backend.init();
  return {
    find({ method, path: target, headers }) {
      const operation = backend.router.matchOperation({ method, path: target, headers: toHeaders(headers) });
      if (operation === undefined) return null;
      return {
        requestErrors: (request) =>
          backend.validateRequest({ ...request, headers: toHeaders(request.headers) }, operation).errors ?? [],
        // The library passes a status that the description does not name; for us that is the first thing to notice.
        answerErrors: ({ status, body }) =>
          isDescribed(operation, status)
            ? (backend.validateResponse(body, operation, status).errors ?? [])
            : [{ message: "is a status that the description does not name" }],
      };
    },
  };
}

function makeUnchecked(vendor: string, files: readonly string[]): Contract {
  if (!announced.has(vendor)) {
    announced.add(vendor);
    console.warn(
      `contract: not checked: ${vendor}'s description (${files.join(" or ")}) is not on this machine (npm run specs, or SPECS_DIR)`,
    );
  }
  return {
    isChecked: false,
    violations: [],
    checkRequest: () => undefined,
    checkAnswer: () => undefined,
    assertKept: () => undefined,
  };
}

function isUndescribed(list: Readonly<Record<string, string>>, method: string, path: string): boolean {
  const parts = path.split("/");
  return Object.keys(list).some((entry) => {
    const [wantedMethod, wantedPath = ""] = entry.split(" ");
    const wanted = wantedPath.split("/");
    return (
      wantedMethod === method &&
      wanted.length === parts.length &&
      wanted.every((part, at) => part.startsWith(":") || part === parts[at])
    );
  });
}

function isDescribed({ responses = {} }: Operation, status: number): boolean {
  return [String(status), `${String(status)[0]}XX`, "default"].some((name) => Object.hasOwn(responses, name));
}

function pathOf(target: string): string {
  return target.split("?")[0] ?? target;
}

function toHeaders(headers: ContractRequest["headers"]): Record<string, string | string[]> {
  return Object.fromEntries(
    Object.entries(headers).filter((entry): entry is [string, string | string[]] => entry[1] !== undefined),
  );
}
