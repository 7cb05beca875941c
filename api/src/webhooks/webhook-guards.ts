import { verifyWebhook } from "@clerk/express/webhooks";
import { appError } from "@automna/contract/error-catalogue";
import type { Clock } from "@automna/core/shared/clock";
import type { InboxSource } from "@automna/records/inbox";
import type { Request } from "express";
import type { Stripe } from "stripe";

/** Each decision about a delivery under its own name, so that a scenario can switch exactly one off. */
export interface WebhookGuards {
  /** Largest body that is read, bytes. */
  limitBytes: number;
  /** Throws `webhook_refused` unless the vendor signed this body for this address, lately. */
  verify: (source: InboxSource, request: Request, body: Buffer) => Promise<void>;
  /** The name under which an event is kept once. */
  inboxKey: (eventId: string) => string;
}

export interface WebhookSecrets {
  /** Null = this vendor is not in use: its address does not exist. */
  stripe: { webhooks: Stripe["webhooks"]; secret: string } | null;
  clerk: { secret: string } | null;
}

/** Stripe's largest events (long invoices) are some 100 kB. */
const LIMIT_BYTES = 512 * 1_024;
/** Age at which a signature no longer counts, seconds; the vendors' own recommendation, and Clerk's verifier has the same. */
const TOLERANCE_S = 300;

export function makeWebhookGuards({ stripe, clerk }: WebhookSecrets, now: Clock): WebhookGuards {
  return {
    limitBytes: LIMIT_BYTES,
    async verify(source, request, body) {
      try {
        if (source === "stripe") {
          if (stripe === null) throw appError("not_found");
          const header = request.headers["stripe-signature"];
          if (typeof header !== "string") throw appError("webhook_refused");
          stripe.webhooks.constructEvent(body, header, stripe.secret, TOLERANCE_S, undefined, now());
        } else {
          if (clerk === null) throw appError("not_found");
          await verifyWebhook(request, { signingSecret: clerk.secret });
        }
      } catch (cause) {
        throw isOurs(cause) ? cause : appError("webhook_refused", { cause });
      }
    },
    inboxKey: (eventId) => eventId,
  };
}

function isOurs(error: unknown): boolean {
  return error instanceof Error && error.name === "AppError";
}
