import { basename } from "node:path";
import { OpenAPIBackend, type Operation } from "openapi-backend";
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
}

const announced = new Set<string>();

/** Opens the vendor's description for checking what a fake hears and says. Says so loudly where there is none. */
export async function openContract({
  vendor,
  files,
  undescribed = {},
  path = findSpec(files),
}: ContractOptions): Promise<Contract> {
  if (path === null) return makeUnchecked(vendor, files);
  const backend = new OpenAPIBackend({ definition: path, quick: true, ajvOpts: { allErrors: true, strict: false } });
  await backend.init();
  const violations: string[] = [];

  const find = (request: ContractRequest): Operation | null => {
    const { method, path: target, headers } = request;
    if (isUndescribed(undescribed, method, pathOf(target))) return null;
    const operation = backend.router.matchOperation({ method, path: target, headers: toHeaders(headers) });
    if (operation === undefined) violations.push(`${vendor}: ${method} ${target} is not in ${basename(path)}`);
    return operation ?? null;
  };
  const report = (what: string, errors: readonly { instancePath?: string; message?: string }[] | null | undefined) => {
    for (const error of errors ?? [])
      violations.push(`${vendor}: ${what}: ${error.instancePath ?? ""} ${error.message ?? "is wrong"}`);
  };

  return {
    isChecked: true,
    violations,
    checkRequest(request) {
      const operation = find(request);
      if (operation === null) return;
      const { method, path: target, headers, body } = request;
      report(
        `request ${method} ${target}`,
        backend.validateRequest({ method, path: target, headers: toHeaders(headers), body }, operation).errors,
      );
    },
    checkAnswer(request, { status, body }) {
      const operation = find(request);
      if (operation === null) return;
      const what = `answer ${status} to ${request.method} ${request.path}`;
      // The library passes a status that the description does not name; for us that is the first thing to notice.
      if (!isDescribed(operation, status))
        return report(what, [{ message: "is a status that the description does not name" }]);
      report(what, backend.validateResponse(body, operation, status).errors);
    },
    assertKept() {
      if (violations.length > 0) throw new Error(`The vendor's description was broken:\n  ${violations.join("\n  ")}`);
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
