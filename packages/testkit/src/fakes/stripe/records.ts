/** What the stand-in remembers. Times are seconds since the epoch and amounts cents, as in the vendor's API. */

export type Metadata = Readonly<Record<string, string>>;
/** What a charge on the customer's card does; `none` = there is no card. */
export type CardOutcome = "good" | "declined" | "none";

export interface CustomerRecord {
  id: string;
  email: string | null;
  name: string | null;
  metadata: Metadata;
  created: number;
  /** Negative = credit, which the next invoice uses up. */
  balance: number;
  isDeleted: boolean;
  card: CardOutcome;
}

export interface ProductRecord {
  id: string;
  name: string;
  active: boolean;
  metadata: Metadata;
  created: number;
}

export interface PriceRecord {
  id: string;
  productId: string;
  currency: string;
  unitAmount: number;
  lookupKey: string | null;
  /** Null = paid once. */
  interval: "month" | "year" | null;
  /** Usage is read from this meter; null = licensed. */
  meterId: string | null;
  active: boolean;
  metadata: Metadata;
  created: number;
}

export interface CouponRecord {
  id: string;
  name: string | null;
  amountOff: number | null;
  percentOff: number | null;
  currency: string | null;
  duration: "forever" | "once" | "repeating";
  durationInMonths: number | null;
  maxRedemptions: number | null;
  timesRedeemed: number;
  /** Products that it takes something off; empty = all. */
  appliesTo: readonly string[];
  metadata: Metadata;
  created: number;
}

export interface PromotionCodeRecord {
  id: string;
  code: string;
  couponId: string;
  active: boolean;
  maxRedemptions: number | null;
  timesRedeemed: number;
  metadata: Metadata;
  created: number;
}

export interface DiscountRecord {
  id: string;
  couponId: string;
  promotionCodeId: string | null;
  start: number;
  /** Null = as long as the subscription, or until it was used once. */
  end: number | null;
}

export interface LineItem {
  priceId: string;
  quantity: number;
}

export interface CheckoutRecord {
  id: string;
  mode: "subscription" | "payment";
  customerId: string | null;
  customerEmail: string | null;
  clientReferenceId: string | null;
  lines: readonly LineItem[];
  successUrl: string | null;
  cancelUrl: string | null;
  metadata: Metadata;
  subscriptionMetadata: Metadata;
  /** Of the invoice that a single payment makes. */
  invoiceMetadata: Metadata;
  trialDays: number | null;
  discount: { couponId: string; promotionCodeId: string | null } | null;
  allowsPromotionCodes: boolean;
  hasAutomaticTax: boolean;
  status: "open" | "complete" | "expired";
  subscriptionId: string | null;
  invoiceId: string | null;
  created: number;
  expiresAt: number;
}

export type SubscriptionStatus =
  | "incomplete"
  | "incomplete_expired"
  | "trialing"
  | "active"
  | "past_due"
  | "unpaid"
  | "canceled"
  | "paused";

export interface SubscriptionRecord {
  id: string;
  customerId: string;
  items: { id: string; priceId: string; quantity: number; created: number }[];
  status: SubscriptionStatus;
  created: number;
  anchor: number;
  periodStart: number;
  periodEnd: number;
  trialEnd: number | null;
  cancelAtPeriodEnd: boolean;
  canceledAt: number | null;
  endedAt: number | null;
  latestInvoiceId: string | null;
  pausedCollection: "void" | "keep_as_draft" | "mark_uncollectible" | null;
  discount: DiscountRecord | null;
  /** Prorations that wait for the next invoice. */
  pendingLines: InvoiceLine[];
  metadata: Metadata;
}

export interface InvoiceLine {
  id: string;
  description: string;
  amount: number;
  priceId: string;
  quantity: number;
  isProration: boolean;
  start: number;
  end: number;
}

export interface InvoiceRecord {
  id: string;
  customerId: string;
  subscriptionId: string | null;
  lines: InvoiceLine[];
  /** Cents taken off by the discount. */
  discounted: number;
  /** Cents of the customer's balance that it used. */
  balanceUsed: number;
  status: "draft" | "open" | "paid" | "void" | "uncollectible";
  reason: "subscription_create" | "subscription_cycle" | "subscription_update" | "manual";
  attempts: number;
  nextAttempt: number | null;
  paidAt: number | null;
  /** Null = no card was charged for it. */
  paymentIntentId: string | null;
  refunded: number;
  metadata: Metadata;
  created: number;
}

export interface MeterRecord {
  id: string;
  eventName: string;
  displayName: string;
  customerKey: string;
  valueKey: string;
  formula: "sum" | "count" | "last";
  isActive: boolean;
  created: number;
}

export interface MeterEventRecord {
  identifier: string;
  eventName: string;
  payload: Metadata;
  timestamp: number;
  created: number;
}

export interface BalanceTransactionRecord {
  id: string;
  customerId: string;
  amount: number;
  endingBalance: number;
  description: string | null;
  metadata: Metadata;
  created: number;
}

export interface DisputeRecord {
  id: string;
  invoiceId: string;
  paymentIntentId: string;
  amount: number;
  status: "needs_response" | "won" | "lost";
  created: number;
}

export interface RefundRecord {
  id: string;
  invoiceId: string;
  paymentIntentId: string;
  amount: number;
  metadata: Metadata;
  created: number;
}

/** Complete as delivered. */
export interface EventRecord {
  id: string;
  type: string;
  created: number;
  object: Readonly<Record<string, unknown>>;
  previous: Readonly<Record<string, unknown>> | null;
  idempotencyKey: string | null;
}
