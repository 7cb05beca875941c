import { agentAnswerSchema, agentListSchema } from "@automna/contract/agents";
import { apiRoutes } from "@automna/contract/api-routes";
import { SESSION_COOKIE } from "@automna/contract/identity";
import type { ApiAnswer, ApiClient } from "@automna/testkit/api-client";
import type { FakeClerk } from "@automna/testkit/fakes/clerk/fake-clerk";

/** A browser with Clerk's own client in it, which keeps the cookie fresh. */
export function clerkCustomer(
  origin: string,
  clerk: FakeClerk,
  { userId, sessionId }: { userId: string; sessionId: string },
): ApiClient {
  const token = () => {
    const session = clerk.state.sessions.get(sessionId);
    if (session === undefined) throw new Error("the session is not there");
    return clerk.state.signToken(session);
  };
  const cookies = () => `${SESSION_COOKIE}=${token()}`;
  const call: ApiClient["call"] = async (route, { params = {}, body } = {}): Promise<ApiAnswer> => {
    const { method, path } = apiRoutes[route];
    const answer = await fetch(origin + path.replaceAll(/:(\w+)/g, (_, name: string) => params[name] ?? ""), {
      method: method.toUpperCase(),
      headers: {
        origin,
        cookie: cookies(),
        ...(body === undefined ? {} : { "content-type": "application/json" }),
      },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    const text = await answer.text();
    return { status: answer.status, body: text === "" ? null : JSON.parse(text) };
  };
  return {
    origin,
    userId: () => userId,
    cookies,
    sessionToken: token,
    call,
    refresh: async () => undefined,
    putKey: (key) => call("putKey", { body: { key } }),
    deploy: async (wish) => agentAnswerSchema.parse((await call("deployAgent", { body: wish })).body).agent,
    agent: async () => agentListSchema.parse((await call("listAgents")).body).agents[0] ?? null,
  };
}
