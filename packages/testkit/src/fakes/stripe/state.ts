import { randomBytes } from "node:crypto";
import type {
  BalanceTransactionRecord,
  CheckoutRecord,
  CouponRecord,
  CustomerRecord,
  DisputeRecord,
  EventRecord,
  InvoiceRecord,
  MeterEventRecord,
  MeterRecord,
  PriceRecord,
  ProductRecord,
  PromotionCodeRecord,
  RefundRecord,
  SubscriptionRecord,
} from "./records.ts";
import { missing } from "./stripe-failure.ts";

export interface StripeState {
  customers: Map<string, CustomerRecord>;
  products: Map<string, ProductRecord>;
  prices: Map<string, PriceRecord>;
  coupons: Map<string, CouponRecord>;
  promotionCodes: Map<string, PromotionCodeRecord>;
  checkouts: Map<string, CheckoutRecord>;
  subscriptions: Map<string, SubscriptionRecord>;
  invoices: Map<string, InvoiceRecord>;
  meters: Map<string, MeterRecord>;
  meterEvents: Map<string, MeterEventRecord>;
  refunds: Map<string, RefundRecord>;
  disputes: Map<string, DisputeRecord>;
  balanceTransactions: Map<string, BalanceTransactionRecord>;
  /** Oldest first. */
  events: EventRecord[];
  /** Seconds since the epoch, by the stand-in's own clock. */
  nowS: () => number;
  /** Where hosted pages would be. */
  baseUrl: () => string;
  /** Records that something happened and has it delivered. */
  emit: (type: string, object: EventRecord["object"], previous?: EventRecord["previous"]) => void;
}

export function makeState(
  parts: Pick<StripeState, "nowS" | "baseUrl"> & {
    onEvent: (event: EventRecord) => void;
    idempotencyKey: () => string | null;
  },
): StripeState {
  const { nowS, baseUrl, onEvent, idempotencyKey } = parts;
  const events: EventRecord[] = [];
  return {
    customers: new Map(),
    products: new Map(),
    prices: new Map(),
    coupons: new Map(),
    promotionCodes: new Map(),
    checkouts: new Map(),
    subscriptions: new Map(),
    invoices: new Map(),
    meters: new Map(),
    meterEvents: new Map(),
    refunds: new Map(),
    disputes: new Map(),
    balanceTransactions: new Map(),
    events,
    nowS,
    baseUrl,
    emit(type, object, previous = null) {
      const event: EventRecord = {
        id: newStripeId("evt"),
        type,
        created: nowS(),
        // As it was at that moment, whatever becomes of it.
        object: structuredClone(object),
        previous,
        idempotencyKey: idempotencyKey(),
      };
      events.push(event);
      onEvent(event);
    },
  };
}

/** An id in the vendor's form. */
export function newStripeId(prefix: string): string {
  return `${prefix}_${randomBytes(18).toString("base64url").replaceAll(/[-_]/g, "0")}`;
}

/** The record, or the vendor's 404. */
export function need<Item>(items: ReadonlyMap<string, Item>, what: string, id: string, param?: string): Item {
  const item = items.get(id);
  if (item === undefined) throw missing(what, id, param);
  return item;
}
