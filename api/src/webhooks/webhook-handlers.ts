import { appError } from "@automna/contract/error-catalogue";
import { isAppError } from "@automna/core/shared/app-error";
import type { Clock } from "@automna/core/shared/clock";
import type { Database } from "@automna/records/database";
import { recordInboxEvent, type InboxSource, type ReceivedEvent } from "@automna/records/inbox";
import type { Call, Handlers } from "../http/routes.ts";
import { readRawBody } from "../http/read-raw-body.ts";
import { toReceivedEvent } from "./received-event.ts";
import type { RefusalCounter } from "./refusal-counter.ts";
import type { WebhookGuards } from "./webhook-guards.ts";

export interface WebhookHandlerDeps {
  db: Database;
  now: Clock;
  guards: WebhookGuards;
  refusals: Pick<RefusalCounter, "count">;
  /** Something new is in the inbox. */
  onReceived: () => void;
}

type WebhookCall = Pick<Call<"stripeWebhook">, "request" | "response">;

/**
 * Deliveries go into the inbox and are answered at once; what they mean is looked up later. Duplicates and types that
 * nobody knows are answered like the others, or the vendor would send them for days.
 */
export function makeWebhookHandlers(deps: WebhookHandlerDeps): Pick<Handlers, "stripeWebhook" | "clerkWebhook"> {
  const receive = async (source: InboxSource, { request, response }: WebhookCall) => {
    const { db, now, guards, refusals, onReceived } = deps;
    let event: ReceivedEvent;
    try {
      const body = await readRawBody(request, response, guards.limitBytes);
      await guards.verify(source, request, body);
      const messageId = request.get("svix-id") ?? null;
      event = parseEvent(source, { body: body.toString("utf8"), messageId, nowMs: now() });
    } catch (error) {
      if (isAppError(error)) refusals.count(source, error.code);
      throw error;
    }
    const isNew = await recordInboxEvent(db, { ...event, eventId: guards.inboxKey(event.eventId) }, new Date(now()));
    if (isNew) onReceived();
    return { received: true } as const;
  };
  return {
    stripeWebhook: (call) => receive("stripe", call),
    clerkWebhook: (call) => receive("clerk", call),
  };
}

function parseEvent(
  source: InboxSource,
  delivered: Parameters<(typeof toReceivedEvent)[InboxSource]>[0],
): ReceivedEvent {
  try {
    return toReceivedEvent[source](delivered);
  } catch {
    // Without the cause: it may quote the body.
    throw appError("invalid_request");
  }
}
