import { randomUUID } from "node:crypto";
import { apiRoutes, type ApiRoute, type ApiRouteName } from "@automna/contract/api-routes";
import { DELETE_WORDS } from "@automna/contract/identity";
import { listRoutes } from "../../../api/src/app.ts";
import type { TestApi } from "../../../api/src/testing/start-test-api.ts";
import { peopleSamples } from "./people-samples.ts";
import { APP_NAME, NODE_ID, WAVE_ID, type World } from "./world.ts";

type NeedsSample = {
  [Name in ApiRouteName]: (typeof apiRoutes)[Name] extends { body: unknown } | { query: unknown } ? Name : never;
}[ApiRouteName];

interface Sample {
  body?: unknown;
  query?: string;
}

/** What a good call of a route holds besides its path. A route with a body does not compile without one. */
const samples: Record<NeedsSample, (api: TestApi, key: string) => Sample | Promise<Sample>> = {
  localStart: (api) => ({ query: new URL(api.startLink()).search }),
  localSignIn: () => ({ body: { email: "bob@example.com", name: "Bob" } }),
  putKey: (_, key) => ({ body: { key } }),
  deleteAccount: () => ({ body: { confirm: DELETE_WORDS } }),
  billingCheckout: () => ({ body: { tier: "pro" } }),
  billingPacks: () => ({ body: { packs: 1 } }),
  billingPlanPreview: () => ({ body: { tier: "pro" } }),
  billingPlan: () => ({ body: { tier: "pro", prorationAtMs: Date.now() } }),
  reconcileBilling: () => ({ body: {} }),
  deployAgent: () => ({ body: { name: "Bob's", personality: "", modelSource: "demo" } }),
  chooseModel: () => ({ body: { modelSource: "demo" } }),
  putApp: () => ({ body: { visibility: "public" } }),
  putHandle: () => ({ body: { handle: "bobs-place" } }),
  getStatement: () => ({ query: "?limit=1" }),
  createApiKey: () => ({ body: { name: "robot", scopes: ["chat"], expiresInDays: null } }),
  findCustomers: () => ({ query: "?q=alice" }),
  getCustomerStatement: () => ({ query: "?limit=1" }),
  actOnCustomer: () => ({
    body: { key: randomUUID(), reason: "to see whether one may", action: { type: "open_support", hours: 1 } },
  }),
  listPlacedAgents: () => ({ query: "?phase=ready" }),
  actOnCells: () => ({
    body: { key: randomUUID(), reason: "to see whether one may", action: { type: "uncordon_node", nodeId: NODE_ID } },
  }),
  getModelUsage: () => ({ query: "?days=1" }),
  putOverage: () => ({ body: { capCredits: null } }),
  ...peopleSamples,
};

export interface RouteUnderAttack {
  name: ApiRouteName;
  route: ApiRoute;
  /** `METHOD /path`, for people. */
  title: string;
  /** The question of a customer whose own agent this is. */
  question: (api: TestApi, world: World, key: string) => Promise<{ method: string; path: string; body?: unknown }>;
}

/** Every route that the router has, in its order. Throws for one that the contract does not know. */
export function routesUnderAttack(api: TestApi): RouteUnderAttack[] {
  return listRoutes(api.app).map(({ method, path }) => {
    const found = (Object.keys(apiRoutes) as ApiRouteName[]).find(
      (name) => apiRoutes[name].method === method && apiRoutes[name].path === path,
    );
    if (found === undefined) throw new Error(`${method} ${path} is mounted and not in the contract`);
    return {
      name: found,
      route: apiRoutes[found],
      title: `${method.toUpperCase()} ${path}`,
      question: async (target, { alice, bob }, key) => {
        const sample: Sample = needsSample(found) ? await samples[found](target, key) : {};
        const own = path
          .replaceAll(":agentId", bob.agentId)
          .replaceAll(":keyId", bob.keys.revoked.id)
          .replaceAll(":userId", alice.userId)
          .replaceAll(":nodeId", NODE_ID)
          .replaceAll(":waveId", WAVE_ID)
          .replaceAll(":checkoutId", "cs_test_of_bobs")
          .replaceAll(":name", APP_NAME);
        const filled = own + (sample.query ?? "");
        return {
          method: method.toUpperCase(),
          path: filled,
          ...(sample.body === undefined ? {} : { body: sample.body }),
        };
      },
    };
  });
}

function needsSample(name: ApiRouteName): name is NeedsSample {
  return Object.hasOwn(samples, name);
}
