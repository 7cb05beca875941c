import { expect, test, vi } from "vitest";
import { prewarmAgent } from "./prewarm.ts";

test("asks once, on this origin, past any cache", async () => {
  const send = vi.fn<typeof fetch>(() => Promise.resolve(new Response("{}")));
  await prewarmAgent("user_1", send);
  expect(send.mock.calls.map(([path]) => path)).toEqual(["/a/user_1/prewarm"]);
  expect(send.mock.calls[0]?.[1]).toMatchObject({ method: "GET", cache: "no-store" });
});

test.each([
  ["nobody answers", () => Promise.reject(new TypeError("failed"))],
  ["it is refused", () => Promise.resolve(new Response("{}", { status: 503 }))],
])("troubles nobody when %s", async (_what, answer) => {
  await expect(prewarmAgent("user_1", answer)).resolves.toBeUndefined();
});
