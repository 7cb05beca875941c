import type {
  CouponRecord,
  CustomerRecord,
  DiscountRecord,
  MeterEventRecord,
  MeterRecord,
  PriceRecord,
  ProductRecord,
  PromotionCodeRecord,
} from "./records.ts";

/** A whole object of the vendor's API: every field that its description calls required, the unused ones null. */
export type Wire = Readonly<Record<string, unknown>>;

export function customerWire(customer: CustomerRecord): Wire {
  if (customer.isDeleted) return { id: customer.id, object: "customer", deleted: true };
  const { id, email, name, metadata, created, balance } = customer;
  return {
    id,
    object: "customer",
    balance,
    created,
    default_source: null,
    description: null,
    email,
    invoice_settings: { custom_fields: null, default_payment_method: null, footer: null, rendering_options: null },
    livemode: false,
    metadata,
    name,
    shipping: null,
  };
}

export function productWire({ id, name, active, metadata, created }: ProductRecord): Wire {
  return {
    id,
    object: "product",
    active,
    created,
    description: null,
    images: [],
    livemode: false,
    marketing_features: [],
    metadata,
    name,
    package_dimensions: null,
    shippable: null,
    tax_details: null,
    type: "service",
    updated: created,
    url: null,
  };
}

export function priceWire(price: PriceRecord): Wire {
  const { id, productId, currency, unitAmount, lookupKey, interval, meterId, active, metadata, created } = price;
  return {
    id,
    object: "price",
    active,
    billing_scheme: "per_unit",
    created,
    currency,
    custom_unit_amount: null,
    livemode: false,
    lookup_key: lookupKey,
    metadata,
    nickname: null,
    product: productId,
    recurring:
      interval === null
        ? null
        : {
            interval,
            interval_count: 1,
            meter: meterId,
            trial_period_days: null,
            usage_type: meterId === null ? "licensed" : "metered",
          },
    tax_behavior: "exclusive",
    tiers_mode: null,
    transform_quantity: null,
    type: interval === null ? "one_time" : "recurring",
    unit_amount: unitAmount,
    unit_amount_decimal: String(unitAmount),
  };
}

export function couponWire(coupon: CouponRecord): Wire {
  const { id, name, amountOff, percentOff, currency, duration, durationInMonths, maxRedemptions, timesRedeemed } =
    coupon;
  return {
    id,
    object: "coupon",
    amount_off: amountOff,
    created: coupon.created,
    currency,
    duration,
    duration_in_months: durationInMonths,
    livemode: false,
    max_redemptions: maxRedemptions,
    metadata: coupon.metadata,
    name,
    percent_off: percentOff,
    redeem_by: null,
    times_redeemed: timesRedeemed,
    valid: isRedeemable(coupon),
  };
}

export function isRedeemable({
  maxRedemptions,
  timesRedeemed,
}: Pick<CouponRecord, "maxRedemptions" | "timesRedeemed">): boolean {
  return maxRedemptions === null || timesRedeemed < maxRedemptions;
}

export function promotionCodeWire(code: PromotionCodeRecord): Wire {
  return {
    id: code.id,
    object: "promotion_code",
    active: code.active && isRedeemable(code),
    code: code.code,
    created: code.created,
    customer: null,
    customer_account: null,
    expires_at: null,
    livemode: false,
    max_redemptions: code.maxRedemptions,
    metadata: code.metadata,
    promotion: { coupon: code.couponId, type: "coupon" },
    restrictions: { first_time_transaction: false, minimum_amount: null, minimum_amount_currency: null },
    times_redeemed: code.timesRedeemed,
  };
}

export function discountWire(discount: DiscountRecord, owner: { customerId: string; subscriptionId: string }): Wire {
  return {
    id: discount.id,
    object: "discount",
    checkout_session: null,
    customer: owner.customerId,
    customer_account: null,
    end: discount.end,
    invoice: null,
    invoice_item: null,
    promotion_code: discount.promotionCodeId,
    source: { coupon: discount.couponId, type: "coupon" },
    start: discount.start,
    subscription: owner.subscriptionId,
    subscription_item: null,
  };
}

export function meterWire(meter: MeterRecord): Wire {
  return {
    id: meter.id,
    object: "billing.meter",
    created: meter.created,
    customer_mapping: { event_payload_key: meter.customerKey, type: "by_id" },
    default_aggregation: { formula: meter.formula },
    display_name: meter.displayName,
    event_name: meter.eventName,
    event_time_window: null,
    livemode: false,
    status: meter.isActive ? "active" : "inactive",
    status_transitions: { deactivated_at: null },
    updated: meter.created,
    value_settings: { event_payload_key: meter.valueKey },
  };
}

export function meterEventWire({ eventName, identifier, payload, timestamp, created }: MeterEventRecord): Wire {
  return {
    object: "billing.meter_event",
    created,
    event_name: eventName,
    identifier,
    livemode: false,
    payload,
    timestamp,
  };
}
