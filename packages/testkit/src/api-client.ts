import { apiRoutes, type ApiRouteName } from "@automna/contract/api-routes";
import { agentAnswerSchema, agentListSchema, type AgentView, type DeployAgent } from "@automna/contract/agents";
import { SESSION_COOKIE } from "@automna/contract/identity";

export interface ApiAnswer {
  status: number;
  body: unknown;
}

/** A signed-in customer who talks to the product's origin without a browser. */
export interface ApiClient {
  origin: string;
  userId: () => string;
  /** The Cookie header that a browser would send now. */
  cookies: () => string;
  sessionToken: () => string;
  call: (
    route: ApiRouteName,
    options?: { params?: Readonly<Record<string, string>>; body?: unknown },
  ) => Promise<ApiAnswer>;
  /** A fresh session token when this one is older than a minute, as the dashboard's keep-alive gets one. */
  refresh: () => Promise<void>;
  putKey: (key: string) => Promise<ApiAnswer>;
  deploy: (wish: DeployAgent) => Promise<AgentView>;
  /** The one agent of this customer, or null. */
  agent: () => Promise<AgentView | null>;
}

/** A token lives 5 minutes; one that is younger than this is good for any wait of a scenario. */
const TOKEN_FRESH_MS = 60_000;

/** Opens the start link as a browser would and signs in. */
export async function signIn(startLink: string, email: string): Promise<ApiClient> {
  const client = makeClient(new URL(startLink).origin);
  const start = await client.fetch(new URL(startLink).pathname + new URL(startLink).search, { method: "GET" });
  if (start.status !== 303) throw new Error(`the start link answered ${start.status}: ${await start.text()}`);
  return signInAgain(client, email);
}

async function signInAgain(client: ReturnType<typeof makeClient>, email: string): Promise<ApiClient> {
  const answer = await client.call("localSignIn", { body: { email, name: email.split("@")[0] } });
  if (answer.status !== 200) throw new Error(`signing in answered ${answer.status}: ${JSON.stringify(answer.body)}`);
  const userId = (answer.body as { user: { id: string } }).user.id;

  return {
    origin: client.origin,
    userId: () => userId,
    cookies: client.cookies,
    sessionToken: () => client.cookie(SESSION_COOKIE) ?? "",
    call: client.call,
    async refresh() {
      if (Date.now() - client.tokenSinceMs() < TOKEN_FRESH_MS) return;
      const refreshed = await client.call("localToken");
      if (refreshed.status !== 200) throw new Error(`refreshing the session answered ${refreshed.status}`);
    },
    putKey: (key) => client.call("putKey", { body: { key } }),
    async deploy(wish) {
      const deployed = await client.call("deployAgent", { body: wish });
      if (deployed.status !== 202)
        throw new Error(`deploying answered ${deployed.status}: ${JSON.stringify(deployed.body)}`);
      return agentAnswerSchema.parse(deployed.body).agent;
    },
    async agent() {
      const list = await client.call("listAgents");
      if (list.status !== 200) throw new Error(`listing agents answered ${list.status}: ${JSON.stringify(list.body)}`);
      return agentListSchema.parse(list.body).agents[0] ?? null;
    },
  };
}

function makeClient(origin: string) {
  const jar = new Map<string, string>();
  let tokenSinceMs = 0;
  const cookies = () => [...jar].map(([name, value]) => `${name}=${value}`).join("; ");

  const send = async (path: string, { method, body }: { method: string; body?: unknown }): Promise<Response> => {
    const headers: Record<string, string> = { origin, cookie: cookies(), accept: "application/json" };
    if (body !== undefined) headers["content-type"] = "application/json";
    const answer = await fetch(origin + path, {
      method,
      headers,
      redirect: "manual",
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    for (const line of answer.headers.getSetCookie()) {
      keepCookie(jar, line);
      if (line.startsWith(`${SESSION_COOKIE}=`)) tokenSinceMs = Date.now();
    }
    return answer;
  };

  return {
    origin,
    cookies,
    cookie: (name: string) => jar.get(name),
    tokenSinceMs: () => tokenSinceMs,
    fetch: send,
    async call(
      route: ApiRouteName,
      { params = {}, body }: { params?: Readonly<Record<string, string>>; body?: unknown } = {},
    ): Promise<ApiAnswer> {
      const { method, path } = apiRoutes[route];
      const target = path.replaceAll(/:(\w+)/g, (_, name: string) => params[name] ?? "");
      const answer = await send(target, { method: method.toUpperCase(), ...(body === undefined ? {} : { body }) });
      const text = await answer.text();
      return { status: answer.status, body: text === "" ? null : parseJson(text) };
    },
  };
}

/** Attributes but the expiry don't matter to a client of one origin. */
function keepCookie(jar: Map<string, string>, line: string): void {
  const [pair = "", ...attributes] = line.split(";");
  const separator = pair.indexOf("=");
  const name = pair.slice(0, separator).trim();
  const value = pair.slice(separator + 1).trim();
  const isEnded = value === "" || attributes.some((attribute) => /^\s*max-age=0\s*$/i.test(attribute));
  if (isEnded) jar.delete(name);
  else jar.set(name, value);
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}
