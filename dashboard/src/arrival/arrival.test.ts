import { DAY_MS } from "@automna/core/shared/clock";
import { expect, test } from "vitest";
import { forgetArrival, readArrival, rememberArrival, type ArrivalStore } from "./arrival.ts";

function makeStore(): ArrivalStore {
  const values = new Map<string, string>();
  return {
    getItem: (key) => values.get(key) ?? null,
    setItem: (key, value) => void values.set(key, value),
    removeItem: (key) => void values.delete(key),
  };
}
const at = (search: string, pathname = "/") => ({ pathname, search });
const nothing = { referral: null, invite: null };

test("the first link stays, the newest invitation counts", () => {
  const store = makeStore();
  rememberArrival(at("?ref=aaaaaaaaaa"), store, 1);
  rememberArrival(at("?ref=bbbbbbbbbb&invite=000000000001"), store, 2);
  rememberArrival(at("?invite=000000000002"), store, 3);
  rememberArrival(at(""), store, 4);
  expect(readArrival(store, 5)).toEqual({ referral: { code: "aaaaaaaaaa", seenAtMs: 1 }, invite: "000000000002" });
  forgetArrival(store);
  expect(readArrival(store, 5)).toEqual(nothing);
});

test("a link is forgotten after 45 days, and another one may come", () => {
  const store = makeStore();
  rememberArrival(at("?ref=aaaaaaaaaa"), store, 1);
  const later = 46 * DAY_MS;
  expect(readArrival(store, later)).toEqual(nothing);
  rememberArrival(at("?ref=bbbbbbbbbb"), store, later);
  expect(readArrival(store, later).referral?.code).toBe("bbbbbbbbbb");
});

test("the short link says the same as the long one, with or without more behind it", () => {
  for (const pathname of ["/r/aaaaaaaaaa", "/r/aaaaaaaaaa/"]) {
    const store = makeStore();
    rememberArrival(at("?utm_source=x", pathname), store, 1);
    expect(readArrival(store, 1).referral).toEqual({ code: "aaaaaaaaaa", seenAtMs: 1 });
  }
});

test.each(["/r/", "/r/<script>", "/r/aaaaaaaaaa/x", "/x/r/aaaaaaaaaa", "/r/AAAAAAAAAA"])(
  "%s is nothing",
  (pathname) => {
    const store = makeStore();
    rememberArrival(at("", pathname), store, 1);
    expect(store.getItem("automna.arrival")).toBeNull();
  },
);

test.each(["?ref=<script>", "?ref=", "?invite=../../x", "?ref=AAAAAAAAAA"])("%s is nothing", (search) => {
  const store = makeStore();
  rememberArrival(at(search), store, 1);
  expect(store.getItem("automna.arrival")).toBeNull();
});

test("what somebody else wrote there is nothing", () => {
  const store = makeStore();
  for (const text of ["{", "[]x", '{"referral":{"code":1}}']) {
    store.setItem("automna.arrival", text);
    expect(readArrival(store, 1)).toEqual(nothing);
  }
});
