import { ATTRIBUTION_DAYS } from "@automna/core/referrals/referral";
import { DAY_MS } from "@automna/core/shared/clock";
import { z } from "zod";

/** How this browser came to us, kept until somebody signs in: through whose link, and with which invitation. */
const arrivalSchema = z.object({
  referral: z
    .object({ code: z.string().regex(/^[0-9a-z]{10}$/), seenAtMs: z.number().int().positive() })
    .nullable()
    .catch(null),
  invite: z
    .string()
    .regex(/^[0-9a-z]{12}$/)
    .nullable()
    .catch(null),
});
export type Arrival = z.infer<typeof arrivalSchema>;

export type ArrivalStore = Pick<Storage, "getItem" | "setItem" | "removeItem">;

const KEY = "automna.arrival";

/** What is remembered; a link that was seen too long ago is forgotten. */
export function readArrival(store: ArrivalStore, nowMs: number): Arrival {
  const text = store.getItem(KEY);
  const { referral, invite } = arrivalSchema.parse(parseJson(text));
  const isOld = referral !== null && nowMs - referral.seenAtMs > ATTRIBUTION_DAYS * DAY_MS;
  return { referral: isOld ? null : referral, invite };
}

/** Keeps what an address says (`/r/<code>`, `?ref=`, `?invite=`): the first link stays, the newest invitation counts. */
export function rememberArrival(
  { pathname, search }: Pick<Location, "pathname" | "search">,
  store: ArrivalStore,
  nowMs: number,
): void {
  const query = new URLSearchParams(search);
  const [, short] = /^\/r\/([^/]+)\/?$/.exec(pathname) ?? [];
  const told = arrivalSchema.parse({
    referral: { code: short ?? query.get("ref"), seenAtMs: nowMs },
    invite: query.get("invite"),
  });
  if (told.referral === null && told.invite === null) return;
  const known = readArrival(store, nowMs);
  const arrival = { referral: known.referral ?? told.referral, invite: told.invite ?? known.invite };
  store.setItem(KEY, JSON.stringify(arrival));
}

export function forgetArrival(store: ArrivalStore): void {
  store.removeItem(KEY);
}

function parseJson(text: string | null): unknown {
  try {
    return text === null ? {} : JSON.parse(text);
  } catch {
    // Somebody else's text: as good as none.
    return {};
  }
}
