import type { InboxSource } from "@automna/records/inbox";
import type { WebhookGuards } from "../../../api/src/webhooks/webhook-guards.ts";
import { clerkHeaders, newBody, newSecret, signed, stripeHeaders, type Message, type Secrets } from "./deliveries.ts";

export interface WebhookAttack {
  name: string;
  /** What stands in for the one guard that is switched off in the unsafe control. */
  off: "signature" | "dedupe" | "limit";
  /** What is sent; more events kept than `allowed` is a success of the attacker. */
  send: (source: InboxSource, secrets: Secrets) => Message[];
  allowed: number;
}

export const switchedOff: Readonly<Record<WebhookAttack["off"], Partial<WebhookGuards>>> = {
  signature: { verify: async () => undefined },
  dedupe: { inboxKey: (eventId) => `${eventId}/${Math.random()}` },
  limit: { limitBytes: 64 * 1_024 * 1_024 },
};

const MINUTE_S = 60;
const nowS = () => Math.floor(Date.now() / 1_000);
const bare = (source: InboxSource): Message => ({
  source,
  body: newBody(source),
  headers: { "svix-id": "msg_forged" },
});

/** Every way in that must not work, for each vendor. */
export const webhookAttacks: readonly WebhookAttack[] = [
  { name: "without a signature", off: "signature", allowed: 0, send: (source) => [bare(source)] },
  {
    name: "signed with a guessed secret",
    off: "signature",
    allowed: 0,
    send: (source) => [signed(source, newSecret())],
  },
  {
    name: "an empty signature",
    off: "signature",
    allowed: 0,
    send: (source) => [
      {
        ...bare(source),
        headers: { "stripe-signature": "t=,v1=", "svix-id": "msg_1", "svix-timestamp": "", "svix-signature": "v1," },
      },
    ],
  },
  {
    name: "a genuine delivery whose body was changed",
    off: "signature",
    allowed: 0,
    send: (source, secrets) => {
      const genuine = signed(source, secrets[source]);
      return [{ ...genuine, body: genuine.body.replace('"padding":""', '"padding":"more"') }];
    },
  },
  {
    name: "signed six minutes ago",
    off: "signature",
    allowed: 0,
    send: (source, secrets) => [signed(source, secrets[source], { atS: nowS() - 6 * MINUTE_S })],
  },
  {
    name: "an old signature under a new time",
    off: "signature",
    allowed: 0,
    send: (source, secrets) => {
      const old = signed(source, secrets[source], { atS: nowS() - 6 * MINUTE_S });
      const moved =
        source === "stripe"
          ? { "stripe-signature": (old.headers["stripe-signature"] ?? "").replace(/t=\d+/, `t=${nowS()}`) }
          : { "svix-timestamp": String(nowS()) };
      return [{ ...old, headers: { ...old.headers, ...moved } }];
    },
  },
  {
    name: "signed with the other address's secret",
    off: "signature",
    allowed: 0,
    send: (source, secrets) => [signed(source, secrets[source === "stripe" ? "clerk" : "stripe"])],
  },
  {
    name: "signed the way of the other address",
    off: "signature",
    allowed: 0,
    send: (source, secrets) => {
      const body = newBody(source);
      const headers =
        source === "stripe"
          ? clerkHeaders(secrets.clerk, body, nowS())
          : { ...stripeHeaders(secrets.stripe, body, nowS()), "svix-id": "msg_2" };
      return [{ source, body, headers }];
    },
  },
  {
    name: "the same genuine delivery twenty times",
    off: "dedupe",
    allowed: 1,
    send: (source, secrets) => {
      const genuine = signed(source, secrets[source]);
      return Array.from({ length: 20 }, () => genuine);
    },
  },
  {
    name: "a genuine delivery of two megabytes",
    off: "limit",
    allowed: 0,
    send: (source, secrets) => [
      signed(source, secrets[source], { body: newBody(source, "x".repeat(2 * 1_024 * 1_024)) }),
    ],
  },
];
