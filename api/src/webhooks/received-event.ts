import type { InboxSource, ReceivedEvent } from "@automna/records/inbox";
import { z } from "zod";

const stripeEventSchema = z.object({
  id: z.string().regex(/^evt_\w{1,100}$/),
  type: z.string().max(200),
  created: z.number(),
  data: z.object({
    object: z
      .object({ id: z.string().optional(), object: z.string().optional(), customer: z.unknown().optional() })
      .loose(),
  }),
});

const clerkEventSchema = z.object({
  type: z.string().max(200),
  timestamp: z.number().optional(),
  data: z.object({ id: z.string().optional(), user_id: z.string().optional() }).loose(),
});

export interface Delivered {
  body: string;
  /** The vendor's id of the delivery, signed with the body (Clerk). */
  messageId: string | null;
  nowMs: number;
}

/** What the inbox keeps of a delivery whose signature is right. Throws for what is no event. */
export const toReceivedEvent: Readonly<Record<InboxSource, (delivered: Delivered) => ReceivedEvent>> = {
  stripe({ body }) {
    const { id, type, created, data } = stripeEventSchema.parse(JSON.parse(body));
    const { object } = data;
    const customer = object.object === "customer" ? object.id : idOf(object.customer);
    return {
      source: "stripe",
      eventId: id,
      type,
      subject: customer ?? id,
      payload: body,
      occurredAt: new Date(created * 1_000),
    };
  },
  clerk({ body, messageId, nowMs }) {
    const { type, timestamp, data } = clerkEventSchema.parse(JSON.parse(body));
    const eventId = z.string().min(1).max(200).parse(messageId);
    const subject = data.user_id ?? data.id ?? eventId;
    return { source: "clerk", eventId, type, subject, payload: body, occurredAt: new Date(timestamp ?? nowMs) };
  },
};

/** An id, or an object that was expanded. */
function idOf(value: unknown): string | undefined {
  const id: unknown = typeof value === "object" && value !== null && "id" in value ? value.id : value;
  return typeof id === "string" ? id : undefined;
}
