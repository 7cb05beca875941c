import { page, type StripeRoutes } from "./answer.ts";
import { formOf, integerOf, needText, textOf, textsOf } from "./form.ts";
import type { MeterRecord } from "./records.ts";
import { need, newStripeId } from "./state.ts";
import { StripeFailure } from "./stripe-failure.ts";
import { eventWire } from "./wire-billing.ts";
import { meterEventWire, meterWire } from "./wire-catalogue.ts";

/** Meters, their events, and the record of what happened. */
export const usageRoutes: StripeRoutes = {
  "POST /v1/billing/meters": ({ state, form }) => {
    const formula = textOf(formOf(form, "default_aggregation"), "formula");
    const meter: MeterRecord = {
      id: newStripeId("mtr"),
      eventName: needText(form, "event_name"),
      displayName: needText(form, "display_name"),
      customerKey: textOf(formOf(form, "customer_mapping"), "event_payload_key") ?? "stripe_customer_id",
      valueKey: textOf(formOf(form, "value_settings"), "event_payload_key") ?? "value",
      formula: formula === "count" || formula === "last" ? formula : "sum",
      isActive: true,
      created: state.nowS(),
    };
    if ([...state.meters.values()].some(({ eventName }) => eventName === meter.eventName))
      throw new StripeFailure(400, "An active meter already uses that event_name.", { param: "event_name" });
    state.meters.set(meter.id, meter);
    state.emit("billing.meter.created", meterWire(meter));
    return meterWire(meter);
  },
  "GET /v1/billing/meters": ({ state, form }) => page(form, "/v1/billing/meters", state.meters.values(), meterWire),
  "GET /v1/billing/meters/:id": ({ state, params }) =>
    meterWire(need(state.meters, "billing.meter", params["id"] ?? "")),

  // The identifier makes an event count once: https://docs.stripe.com/api/billing/meter-event/create
  "POST /v1/billing/meter_events": ({ state, form }) => {
    const eventName = needText(form, "event_name");
    const meter = [...state.meters.values()].find((item) => item.eventName === eventName);
    if (meter === undefined)
      throw new StripeFailure(400, `No active meter found for event_name: ${eventName}`, { param: "event_name" });
    const payload = Object.fromEntries(
      Object.entries(formOf(form, "payload")).map(([key, value]) => [key, String(value)]),
    );
    need(state.customers, "customer", payload[meter.customerKey] ?? "", `payload[${meter.customerKey}]`);
    const identifier = textOf(form, "identifier") ?? newStripeId("mtrevt");
    if (state.meterEvents.has(identifier))
      throw new StripeFailure(400, `An event already exists with identifier ${identifier}.`, {
        code: "resource_already_exists",
        param: "identifier",
      });
    const event = {
      identifier,
      eventName,
      payload,
      timestamp: integerOf(form, "timestamp") ?? state.nowS(),
      created: state.nowS(),
    };
    state.meterEvents.set(identifier, event);
    return meterEventWire(event);
  },

  "GET /v1/events": ({ state, form }) => {
    const [type, types, created] = [textOf(form, "type"), textsOf(form, "types"), formOf(form, "created")];
    const [gte, gt, lte, lt] = [
      integerOf(created, "gte"),
      integerOf(created, "gt"),
      integerOf(created, "lte"),
      integerOf(created, "lt"),
    ];
    const found = state.events.filter(
      (event) =>
        (type === null || event.type === type) &&
        (types.length === 0 || types.includes(event.type)) &&
        (gte === null || event.created >= gte) &&
        (gt === null || event.created > gt) &&
        (lte === null || event.created <= lte) &&
        (lt === null || event.created < lt),
    );
    return page(form, "/v1/events", found, eventWire);
  },
  "GET /v1/events/:id": ({ state, params }) =>
    eventWire(need(new Map(state.events.map((event) => [event.id, event])), "event", params["id"] ?? "")),
};
