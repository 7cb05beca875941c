import { apiRoutes, type ApiRouteName } from "@automna/contract/api-routes";
import { errorBodySchema } from "@automna/contract/error-body";
import { errorCatalogue, isErrorCode } from "@automna/contract/error-catalogue";
import { AppError, type ErrorKind } from "@automna/core/shared/app-error";
import type { z } from "zod";

type Routes = typeof apiRoutes;
type Route<Name extends ApiRouteName> = Routes[Name];
type BodyOf<Name extends ApiRouteName> =
  Route<Name> extends { body: infer Schema extends z.ZodType } ? { body: z.input<Schema> } : { body?: never };
type ParamsOf<Name extends ApiRouteName> =
  Route<Name> extends { params: infer Schema extends z.ZodType } ? { params: z.input<Schema> } : { params?: never };
type QueryOf<Name extends ApiRouteName> =
  Route<Name> extends { query: infer Schema extends z.ZodType } ? { query: z.input<Schema> } : { query?: never };
export type CallInput<Name extends ApiRouteName> = BodyOf<Name> & ParamsOf<Name> & QueryOf<Name>;
export type CallAnswer<Name extends ApiRouteName> = Route<Name>["success"]["body"] extends infer Schema extends
  z.ZodType
  ? z.output<Schema>
  : null;

export interface ApiClientDeps {
  fetch: typeof fetch;
  /** Brings a fresh session token; false = the session is over. */
  refreshSession(): Promise<boolean>;
  onSignedOut(): void;
}

export type ApiClient = ReturnType<typeof makeApiClient>;

/** Calls routes of the contract. Throws AppError with the code of the error body, or `unreachable` without an answer. */
export function makeApiClient(deps: ApiClientDeps) {
  async function call<Name extends ApiRouteName>(name: Name, input: CallInput<Name>): Promise<CallAnswer<Name>> {
    const session = apiRoutes[name].access !== "public";
    let response = await sendRequest(deps.fetch, name, input);
    if (response.status === 401 && session) {
      if (await deps.refreshSession()) response = await sendRequest(deps.fetch, name, input);
      if (response.status === 401) deps.onSignedOut();
    }
    if (!response.ok) throw await toError(response);
    const schema: z.ZodType | null = apiRoutes[name].success.body;
    const answer: unknown = schema === null ? null : schema.parse(await response.json());
    return answer as CallAnswer<Name>;
  }
  return { call };
}

async function sendRequest<Name extends ApiRouteName>(
  send: typeof fetch,
  name: Name,
  input: CallInput<Name>,
): Promise<Response> {
  const { params, query, body }: { params?: unknown; query?: unknown; body?: unknown } = input;
  try {
    return await send(toPath(name, params) + toSearch(query), {
      method: apiRoutes[name].method.toUpperCase(),
      headers:
        body !== undefined
          ? { "content-type": "application/json", accept: "application/json" }
          : { accept: "application/json" },
      ...(body !== undefined ? { body: JSON.stringify(body) } : {}),
      signal: AbortSignal.timeout(CALL_TIMEOUT_MS),
    });
  } catch (cause) {
    throw new AppError("unreachable", "transient", "Automna can't be reached. Check your connection and try again.", {
      cause,
    });
  }
}

/** Checking a key asks the provider live: longer than any other call, still bounded. */
const CALL_TIMEOUT_MS = 30_000;

/** The route's path with its parameters filled in. */
export function toPath(name: ApiRouteName, params: unknown = {}): string {
  const values = new Map(Object.entries(params ?? {}));
  return apiRoutes[name].path.replace(/:(\w+)/g, (_whole, key: string) =>
    encodeURIComponent(String(values.get(key) ?? "")),
  );
}

/** `?before=7`, or nothing; what is undefined is left out. */
function toSearch(query: unknown): string {
  const given = Object.entries(query ?? {}).filter(([, value]) => value !== undefined);
  const search = new URLSearchParams(given.map(([name, value]) => [name, String(value)])).toString();
  return search === "" ? "" : `?${search}`;
}

async function toError(response: Response): Promise<AppError> {
  const parsed = errorBodySchema.safeParse(await response.json().catch(() => null));
  if (!parsed.success) {
    const { kind, message } = errorCatalogue.service_unavailable;
    return new AppError("service_unavailable", kind, message, { details: { status: response.status } });
  }
  const { code, message, details } = parsed.data.error;
  const kind: ErrorKind = isErrorCode(code) ? errorCatalogue[code].kind : response.status >= 500 ? "transient" : "user";
  return new AppError(code, kind, message, details === undefined ? {} : { details });
}
