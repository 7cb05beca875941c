import { PassThrough } from "node:stream";
import { expect, test } from "vitest";
import { makeApiKey } from "./api-key.ts";
import { makeLog } from "./log.ts";

/** What a service would print. */
function printed(write: (log: ReturnType<typeof makeLog>) => void): string {
  const out = new PassThrough();
  write(makeLog("test", "trace", out));
  return String(out.read() ?? "");
}

test("an API key never gets into a log line, wherever in it: field, text, address or error", () => {
  const { text } = makeApiKey();
  const lines = printed((log) => {
    log.info({ url: `/api/agents?k=${text}`, headers: { Authorization: `Bearer ${text}` }, deep: [{ a: text }] }, text);
    log.child({ note: text }).error({ err: new Error(`bad ${text}`) }, "failed");
  });
  expect(lines).not.toContain(text.slice(0, -20));
  expect(lines).not.toContain(text.slice(-20));
  expect(lines.match(/atm_\[redacted\]/g)?.length).toBeGreaterThan(4);
  for (const line of lines.trim().split("\n")) expect(() => JSON.parse(line) as unknown).not.toThrow();
});

test("what is known to be secret is left out by its name", () => {
  const lines = printed((log) => log.info({ authorization: "Bearer x.y.z", inner: { password: "hunter2" } }, "hello"));
  expect(lines).not.toMatch(/x\.y\.z|hunter2/);
  expect(lines).toContain("hello");
});
