import { agentAnswerSchema, agentListSchema } from "@automna/contract/agents";
import { apiRoutes } from "@automna/contract/api-routes";
import { billingViewSchema, type BillingView } from "@automna/contract/billing";
import { SESSION_COOKIE } from "@automna/contract/identity";
import { signIn, type ApiAnswer, type ApiClient } from "@automna/testkit/api-client";
import type { FakeClerk } from "@automna/testkit/fakes/clerk/fake-clerk";
import type { World } from "./world.ts";

/** Somebody signs up, each source in its own way, and is a customer like any other from then on. */
export async function signUp(world: World, email: string): Promise<ApiClient> {
  const { product, clerk } = world;
  if (clerk === null) return signIn(await product.newStartLink(), email);
  const { id } = clerk.signUp(email);
  const { sessionId } = clerk.signIn(id);
  return clerkCustomer(product.url, clerk, { userId: id, sessionId });
}

/** A browser with Clerk's own client in it, which keeps the cookie fresh. */
function clerkCustomer(
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

export async function billingOf(customer: ApiClient): Promise<BillingView> {
  await customer.refresh();
  return billingViewSchema.parse((await customer.call("billing")).body);
}

/** `402 plan_needed /dashboard/plans`: how a call was refused and where it sends the customer. */
export function refusalOf({ status, body }: ApiAnswer): string {
  const error = (body as { error?: { code?: string; details?: { page?: string } } } | null)?.error;
  return `${status} ${error?.code ?? ""} ${error?.details?.page ?? ""}`.trim();
}
