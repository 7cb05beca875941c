import type { SessionClaims } from "@automna/contract/identity";
import { appError } from "@automna/contract/error-catalogue";
import { expect, test } from "vitest";
import { assertOwner, makeSessionCheck, readSessionToken } from "./authorize.ts";

test.each([
  [{}, null],
  [{ cookie: "__session=a.b.c" }, "a.b.c"],
  [{ cookie: "x=1; __session=a.b.c; y=2" }, "a.b.c"],
  [{ cookie: "__session=a.b.c; __session=d.e.f" }, null],
  [{ cookie: "__session=a.b.c; __session=a.b.c" }, null],
  [{ cookie: "__session=" }, null],
  [{ cookie: "x__session=a.b.c" }, null],
  [{ cookie: "x=1", authorization: "Bearer a.b.c" }, "a.b.c"],
  [{ authorization: "bearer a.b.c" }, "a.b.c"],
  [{ authorization: "Basic a.b.c" }, null],
  [{ authorization: "Bearer a b" }, null],
  [{ cookie: "__session=a.b.c", authorization: "Bearer a.b.c" }, "a.b.c"],
  [{ cookie: "__session=a.b.c", authorization: "Bearer d.e.f" }, null],
  [{ cookie: "__session=a.b.c", authorization: "Basic x" }, null],
  [{ cookie: `__session=${"a".repeat(5_000)}` }, null],
])("the token of %j is %j", (headers, token) => {
  expect(readSessionToken(headers)).toBe(token);
});

const nowMs = 1_000_000_000;
const claims: SessionClaims = {
  sub: "user_1",
  sid: "sess_1",
  iss: "i",
  azp: "a",
  iat: nowMs / 1_000 - 60,
  exp: nowMs / 1_000 + 240,
  role: "customer",
};
const check = (state: { known?: boolean; ended?: boolean; iat?: number; fails?: boolean } = {}) =>
  makeSessionCheck({
    verifier: {
      verify: async () => {
        if (state.fails === true) throw appError("not_signed_in");
        return { ...claims, iat: state.iat ?? claims.iat };
      },
      forget: () => undefined,
    },
    ended: {
      isEnded: () => state.ended === true,
      isKnown: () => state.known !== false,
      waitUntilKnown: async () => undefined,
      close: () => undefined,
    },
    now: () => nowMs,
  })({ cookie: "__session=a.b.c" });

test("a good token of a session that goes on says who calls", async () => {
  expect(await check()).toEqual({ userId: "user_1", sessionId: "sess_1", tokenIssuedAtS: claims.iat });
});

test.each([
  ["a bad token", { fails: true }, "not_signed_in"],
  ["an ended session", { ended: true }, "session_expired"],
  ["sign-outs that aren't known yet", { known: false }, "service_unavailable"],
  ["a token older than what is remembered of sign-outs", { iat: nowMs / 1_000 - 16 * 60 }, "session_expired"],
  ["a token from the future", { iat: nowMs / 1_000 + 120 }, "session_expired"],
])("%s is refused", async (_what, state, code) => {
  await expect(check(state)).rejects.toMatchObject({ code });
});

test("a header that was verified once is asked about its time and its session each time", async () => {
  const state = { nowMs, isEnded: false, verified: 0 };
  const checkSession = makeSessionCheck({
    verifier: {
      verify: async () => {
        state.verified += 1;
        if (state.nowMs >= claims.exp * 1_000) throw appError("session_expired");
        return claims;
      },
      forget: () => undefined,
    },
    ended: {
      isEnded: () => state.isEnded,
      isKnown: () => true,
      waitUntilKnown: async () => undefined,
      close: () => undefined,
    },
    now: () => state.nowMs,
  });
  const ask = async (cookie: string) => checkSession({ cookie });
  await ask("__session=a.b.c");
  await ask("__session=a.b.c");
  expect(state.verified).toBe(1);
  await ask("x=1; __session=a.b.c");
  expect(state.verified).toBe(2);
  state.isEnded = true;
  await expect(ask("__session=a.b.c")).rejects.toMatchObject({ code: "session_expired" });
  state.isEnded = false;
  state.nowMs = claims.exp * 1_000;
  await expect(ask("__session=a.b.c")).rejects.toMatchObject({ code: "session_expired" });
});

test("another user's agent does not exist", () => {
  const target = { userId: "user_2", rest: "/", path: "/" };
  expect(() => assertOwner({ userId: "user_1", sessionId: "s", tokenIssuedAtS: 0 }, target)).toThrowError(
    expect.objectContaining({ code: "agent_not_found" }),
  );
});
