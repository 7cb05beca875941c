import { expect, test } from "vitest";
import { makeCleanupStack } from "./cleanup.ts";
import { parseVerifyOptions } from "./options.ts";
import { makeRandom } from "./random.ts";
import { runScenario, type RunOptions } from "./run-scenario.ts";
import type { ScenarioContext } from "./scenario.ts";

const run = (body: (ctx: ScenarioContext) => Promise<void>, extra: Partial<RunOptions> = {}) =>
  runScenario(
    { name: "sample", title: "a sample", run: body },
    {
      seed: 7,
      isQuick: true,
      isKept: false,
      print: () => undefined,
      now: Date.now,
      interrupt: new AbortController().signal,
      ...extra,
    },
  );

test("a scenario whose checks hold is ok and reports its figures", async () => {
  const line = await run(async (ctx) => {
    ctx.hold(true, "water is wet");
    ctx.figure("seconds to boil", 1.234, "s");
  });
  expect(line).toMatchObject({
    scenario: "sample",
    ok: true,
    checks: 1,
    figures: { "seconds to boil": 1.23 },
    seed: 7,
    quick: true,
  });
});

test("a false check fails the scenario and the rest still runs", async () => {
  const line = await run(async (ctx) => {
    ctx.hold(false, "pigs fly", "they walk");
    ctx.hold(true, "birds fly");
  });
  expect(line).toMatchObject({ ok: false, checks: 2, failures: ["pigs fly [they walk]"] });
});

test("a scenario that checks nothing is not ok", async () => {
  expect(await run(async () => undefined)).toMatchObject({ ok: false, failures: ["nothing was checked"] });
});

test("an attack counts only when it works without its check", async () => {
  const yes = async () => true;
  const no = async () => false;
  expect(await run((ctx) => ctx.attack({ name: "a", unsafe: yes, safe: no }))).toMatchObject({ ok: true, attacks: 1 });
  expect(await run((ctx) => ctx.attack({ name: "a", unsafe: yes, safe: yes }))).toMatchObject({
    ok: false,
    attacks: 1,
  });
  expect(await run((ctx) => ctx.attack({ name: "a", unsafe: no, safe: no }))).toMatchObject({ ok: false, attacks: 0 });
});

test("cleanup runs last first, after a failure and after Ctrl-C", async () => {
  const order: string[] = [];
  const register = (ctx: ScenarioContext) => {
    ctx.onCleanup("first", () => order.push("first"));
    ctx.onCleanup("second", () => order.push("second"));
  };
  await run(async (ctx) => {
    register(ctx);
    throw new Error("broken");
  });
  const interrupt = new AbortController();
  const interrupted = run(
    async (ctx) => {
      register(ctx);
      await new Promise(() => undefined);
    },
    { interrupt: interrupt.signal },
  );
  interrupt.abort(new Error("SIGINT"));
  expect((await interrupted).failures[0]).toMatch(/^ended early/);
  expect(order).toEqual(["second", "first", "second", "first"]);
});

test("an undo that fails or hangs is reported and does not keep the others from running", async () => {
  const stack = makeCleanupStack(20);
  let isDone = false;
  stack.add("last", () => (isDone = true));
  stack.add("hangs", () => new Promise(() => undefined));
  stack.add("fails", () => Promise.reject(new Error("no")));
  expect(await stack.run()).toEqual(["fails: no", "hangs: took more than 0.02 s"]);
  expect(isDone).toBe(true);
});

test("waiting ends with the value, or ends the scenario", async () => {
  let looks = 0;
  const line = await run(async (ctx) => {
    const found = await ctx.eventually("it comes", () => (++looks > 2 ? "here" : null), { everyMs: 1 });
    ctx.hold(found === "here", "it is here");
    await ctx.eventually("it never comes", () => null, { timeoutMs: 5, everyMs: 1 });
    ctx.hold(true, "not reached");
  });
  expect(line).toMatchObject({ ok: false, checks: 3, failures: ["it never comes [not within 0.005 s]"] });
});

test("the same seed makes the same choices", () => {
  const draw = (seed: number) => {
    const random = makeRandom(seed);
    return [random.integer(1, 6), random.pick(["a", "b", "c"]), ...random.shuffle([1, 2, 3, 4]), random.hex(8)];
  };
  expect(draw(3)).toEqual(draw(3));
  expect(draw(3)).not.toEqual(draw(4));
});

test("the command line names at most one scenario and a whole seed", () => {
  expect(parseVerifyOptions(["first-light", "--quick", "--seed", "5"], Math.random)).toMatchObject({
    name: "first-light",
    isQuick: true,
    seed: 5,
    isJson: false,
  });
  expect(parseVerifyOptions([], () => 0.5).name).toBeNull();
  expect(() => parseVerifyOptions(["a", "b"], Math.random)).toThrow(/One scenario at a time/);
  expect(() => parseVerifyOptions(["a", "--seed", "x"], Math.random)).toThrow(/--seed x/);
});
