import type { Tier } from "@automna/core/tiers/catalogue";
import { createAgent } from "@automna/records/agents";
import type { Database } from "@automna/records/database";
import { newId } from "@automna/service-kit/new-id";

/** A new customer's id. */
export async function addCustomer(db: Database): Promise<string> {
  const userId = newId("user");
  await db.user.create({ data: { id: userId, email: `${userId}@example.test`, issuer: "test" } });
  return userId;
}

/** An agent wished as api records it, with its NOTIFY: its id. */
export async function wishAgent(db: Database, userId: string, tier: Tier = "starter"): Promise<string> {
  const wish = { id: newId("agt"), userId, name: "Ada", personality: "", modelSource: "demo", tier } as const;
  return (await createAgent(db, wish)).agent.id;
}
