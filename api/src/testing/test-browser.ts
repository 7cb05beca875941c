import { apiRoutes, type ApiRouteName } from "@automna/contract/api-routes";

export interface TestAnswer {
  status: number;
  headers: Headers;
  body: unknown;
}

export interface TestCall {
  params?: Readonly<Record<string, string>>;
  body?: unknown;
  headers?: Readonly<Record<string, string>>;
}

/** A browser on the platform's own origin, as far as the api can tell: a cookie jar and the Origin header. */
export interface TestBrowser {
  cookies: Map<string, string>;
  call: (name: ApiRouteName, options?: TestCall) => Promise<TestAnswer>;
  send: (method: string, path: string, options?: TestCall) => Promise<TestAnswer>;
  open: (url: string, headers?: Readonly<Record<string, string>>) => Promise<TestAnswer>;
  /** Opens the start link and signs in; returns the user's id. */
  signIn: (startLink: string, email: string) => Promise<string>;
  cookieHeader: () => string;
}

export function makeTestBrowser(origin: string): TestBrowser {
  const cookies = new Map<string, string>();
  const cookieHeader = () => [...cookies].map(([name, value]) => `${name}=${value}`).join("; ");

  const fetchAnswer = async (url: string, init: RequestInit): Promise<TestAnswer> => {
    const response = await fetch(url, { ...init, redirect: "manual" });
    for (const line of response.headers.getSetCookie()) keepCookie(cookies, line);
    const text = await response.text();
    const isJson = response.headers.get("content-type")?.startsWith("application/json") === true;
    return { status: response.status, headers: response.headers, body: isJson ? JSON.parse(text) : text };
  };

  const send: TestBrowser["send"] = (method, path, { body, headers } = {}) =>
    fetchAnswer(origin + path, {
      method,
      headers: {
        ...(method === "GET" ? {} : { origin }),
        ...(cookies.size === 0 ? {} : { cookie: cookieHeader() }),
        ...(body === undefined ? {} : { "content-type": "application/json" }),
        ...headers,
      },
      ...(body === undefined ? {} : { body: typeof body === "string" ? body : JSON.stringify(body) }),
    });

  const call: TestBrowser["call"] = (name, options = {}) => {
    const { method, path } = apiRoutes[name];
    return send(method.toUpperCase(), fillPath(path, options.params), options);
  };

  const open: TestBrowser["open"] = (url, headers = {}) =>
    fetchAnswer(url, { headers: { ...(cookies.size === 0 ? {} : { cookie: cookieHeader() }), ...headers } });

  return {
    cookies,
    call,
    send,
    open,
    cookieHeader,
    async signIn(startLink, email) {
      const started = await open(startLink);
      if (started.status !== 303) throw new Error(`the start link answered ${started.status}`);
      const answer = await call("localSignIn", { body: { email, name: "Test" } });
      if (answer.status !== 200) throw new Error(`sign-in answered ${answer.status} ${JSON.stringify(answer.body)}`);
      return (answer.body as { user: { id: string } }).user.id;
    },
  };
}

export function fillPath(path: string, params: Readonly<Record<string, string>> = {}): string {
  return path.replaceAll(/:(\w+)/g, (_whole, name: string) => params[name] ?? "");
}

/** The code of an error body. */
export function codeOf(answer: TestAnswer): string | undefined {
  return (answer.body as { error?: { code?: string } } | null)?.error?.code;
}

function keepCookie(cookies: Map<string, string>, line: string): void {
  const [pair = "", ...attributes] = line.split(";");
  const [name = "", value = ""] = pair.split(/=(.*)/s);
  const isEnded =
    value === "" || attributes.some((attribute) => /^\s*(max-age=0|expires=thu, 01 jan 1970)/i.test(attribute));
  if (isEnded) cookies.delete(name);
  else cookies.set(name, value);
}
