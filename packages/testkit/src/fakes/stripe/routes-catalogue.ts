import { page, type StripeRoutes } from "./answer.ts";
import { flagOf, formOf, integerOf, metadataOf, needText, textOf, textsOf, type Form } from "./form.ts";
import type { CouponRecord, PriceRecord } from "./records.ts";
import { need, newStripeId } from "./state.ts";
import { StripeFailure } from "./stripe-failure.ts";
import { couponWire, priceWire, productWire, promotionCodeWire } from "./wire-catalogue.ts";

/** Products, prices, coupons and promotion codes. */
export const catalogueRoutes: StripeRoutes = {
  "POST /v1/products": ({ state, form }) => {
    const product = {
      id: textOf(form, "id") ?? newStripeId("prod"),
      name: needText(form, "name"),
      active: flagOf(form, "active") ?? true,
      metadata: metadataOf(form),
      created: state.nowS(),
    };
    if (state.products.has(product.id))
      throw new StripeFailure(400, "Product already exists.", { code: "resource_already_exists" });
    state.products.set(product.id, product);
    state.emit("product.created", productWire(product));
    return productWire(product);
  },
  "GET /v1/products": ({ state, form }) => page(form, "/v1/products", state.products.values(), productWire),
  "GET /v1/products/:id": ({ state, params }) => productWire(need(state.products, "product", params["id"] ?? "")),

  "POST /v1/prices": ({ state, form }) => {
    const lookupKey = textOf(form, "lookup_key");
    for (const other of state.prices.values()) {
      if (lookupKey === null || other.lookupKey !== lookupKey) continue;
      if (flagOf(form, "transfer_lookup_key") !== true)
        throw new StripeFailure(400, `A price (\`${other.id}\`) already uses that lookup key.`, {
          param: "lookup_key",
        });
      other.lookupKey = null;
    }
    const price: PriceRecord = {
      id: newStripeId("price"),
      productId: need(state.products, "product", needText(form, "product"), "product").id,
      currency: needText(form, "currency"),
      unitAmount: integerOf(form, "unit_amount") ?? 0,
      lookupKey,
      ...recurringOf(form),
      active: true,
      metadata: metadataOf(form),
      created: state.nowS(),
    };
    state.prices.set(price.id, price);
    state.emit("price.created", priceWire(price));
    return priceWire(price);
  },
  "GET /v1/prices": ({ state, form }) => {
    const [lookupKeys, active] = [textsOf(form, "lookup_keys"), flagOf(form, "active")];
    const found = [...state.prices.values()].filter(
      (price) =>
        (lookupKeys.length === 0 || lookupKeys.includes(price.lookupKey ?? "")) &&
        (active === null || price.active === active),
    );
    return page(form, "/v1/prices", found, priceWire);
  },
  "GET /v1/prices/:id": ({ state, params }) => priceWire(need(state.prices, "price", params["id"] ?? "")),
  "POST /v1/prices/:id": ({ state, params, form }) => {
    const price = need(state.prices, "price", params["id"] ?? "");
    price.active = flagOf(form, "active") ?? price.active;
    price.metadata = metadataOf(form, price.metadata);
    state.emit("price.updated", priceWire(price));
    return priceWire(price);
  },

  "POST /v1/coupons": ({ state, form }) => {
    const percent = textOf(form, "percent_off");
    const coupon: CouponRecord = {
      id: textOf(form, "id") ?? newStripeId("co"),
      name: textOf(form, "name"),
      amountOff: integerOf(form, "amount_off"),
      percentOff: percent === null ? null : Number(percent),
      currency: textOf(form, "currency"),
      duration: durationOf(form),
      durationInMonths: integerOf(form, "duration_in_months"),
      maxRedemptions: integerOf(form, "max_redemptions"),
      timesRedeemed: 0,
      appliesTo: textsOf(formOf(form, "applies_to"), "products"),
      metadata: metadataOf(form),
      created: state.nowS(),
    };
    if ((coupon.amountOff === null) === (coupon.percentOff === null))
      throw new StripeFailure(400, "You must pass either percent_off or amount_off.", { param: "percent_off" });
    if (state.coupons.has(coupon.id))
      throw new StripeFailure(400, "Coupon already exists.", { code: "resource_already_exists" });
    state.coupons.set(coupon.id, coupon);
    return couponWire(coupon);
  },
  "GET /v1/coupons": ({ state, form }) => page(form, "/v1/coupons", state.coupons.values(), couponWire),
  "GET /v1/coupons/:id": ({ state, form, params }) => {
    const coupon = need(state.coupons, "coupon", params["id"] ?? "");
    // The vendor leaves it out unless it is asked for.
    const isAsked = textsOf(form, "expand").includes("applies_to") && coupon.appliesTo.length > 0;
    return { ...couponWire(coupon), ...(isAsked ? { applies_to: { products: coupon.appliesTo } } : {}) };
  },

  "POST /v1/promotion_codes": ({ state, form }) => {
    const coupon = need(
      state.coupons,
      "coupon",
      textOf(formOf(form, "promotion"), "coupon") ?? "",
      "promotion[coupon]",
    );
    const id = newStripeId("promo");
    const code = {
      id,
      code: textOf(form, "code") ?? id.slice(-8).toUpperCase(),
      couponId: coupon.id,
      active: true,
      maxRedemptions: integerOf(form, "max_redemptions"),
      timesRedeemed: 0,
      metadata: metadataOf(form),
      created: state.nowS(),
    };
    if (
      [...state.promotionCodes.values()].some(
        (other) => other.active && other.code.toLowerCase() === code.code.toLowerCase(),
      )
    )
      throw new StripeFailure(400, "An active promotion code with that code already exists.", { param: "code" });
    state.promotionCodes.set(id, code);
    return promotionCodeWire(code);
  },
  "GET /v1/promotion_codes": ({ state, form }) => {
    const code = textOf(form, "code");
    return page(
      form,
      "/v1/promotion_codes",
      [...state.promotionCodes.values()].filter((item) => code === null || item.code === code),
      promotionCodeWire,
    );
  },
};

function recurringOf(form: Form): Pick<PriceRecord, "interval" | "meterId"> {
  const recurring = formOf(form, "recurring");
  const interval = textOf(recurring, "interval");
  return {
    interval: interval === "month" || interval === "year" ? interval : null,
    meterId: textOf(recurring, "meter"),
  };
}

function durationOf(form: Form): CouponRecord["duration"] {
  const duration = textOf(form, "duration") ?? "once";
  if (duration === "forever" || duration === "once" || duration === "repeating") return duration;
  throw new StripeFailure(400, "Invalid duration.", { param: "duration" });
}
