import { createHmac, randomBytes } from "node:crypto";
import type { InboxSource } from "@automna/records/inbox";

/** One message to a webhook address. */
export interface Message {
  source: InboxSource;
  body: string;
  headers: Record<string, string>;
}

export type Secrets = Readonly<Record<InboxSource, string>>;

/** A secret in the vendors' form. */
export function newSecret(): string {
  return `whsec_${randomBytes(24).toString("base64")}`;
}

/** The body of an event in the vendor's shape, of a new id. */
export function newBody(source: InboxSource, padding = ""): string {
  const id = randomBytes(12).toString("hex");
  return JSON.stringify(
    source === "stripe"
      ? {
          id: `evt_${id}`,
          object: "event",
          type: "customer.updated",
          created: Math.floor(Date.now() / 1_000),
          data: { object: { id: `cus_${id}`, object: "customer", padding } },
        }
      : { object: "event", type: "organization.updated", timestamp: Date.now(), data: { id: `org_${id}`, padding } },
  );
}

/** As the vendor would send it: signed with the secret, at a time. */
export function signed(
  source: InboxSource,
  secret: string,
  { body = newBody(source), atS = Math.floor(Date.now() / 1_000) } = {},
): Message {
  return {
    source,
    body,
    headers: source === "stripe" ? stripeHeaders(secret, body, atS) : clerkHeaders(secret, body, atS),
  };
}

/** https://docs.stripe.com/webhooks#verify-manually */
export function stripeHeaders(secret: string, body: string, atS: number): Record<string, string> {
  return { "stripe-signature": `t=${atS},v1=${createHmac("sha256", secret).update(`${atS}.${body}`).digest("hex")}` };
}

/** Svix, which Clerk sends through: https://docs.svix.com/receiving/verifying-payloads/how-manual */
export function clerkHeaders(secret: string, body: string, atS: number): Record<string, string> {
  const id = `msg_${randomBytes(12).toString("hex")}`;
  const key = Buffer.from(secret.replace("whsec_", ""), "base64");
  const signature = createHmac("sha256", key).update(`${id}.${atS}.${body}`).digest("base64");
  return { "svix-id": id, "svix-timestamp": String(atS), "svix-signature": `v1,${signature}` };
}

/** Posts it to an address; status 0 = the connection was cut. */
export async function post(origin: string, message: Message, address = message.source): Promise<number> {
  return fetch(`${origin}/api/webhooks/${address}`, {
    method: "POST",
    headers: { "content-type": "application/json", ...message.headers },
    body: message.body,
  }).then(
    async (response) => {
      await response.arrayBuffer();
      return response.status;
    },
    () => 0,
  );
}
