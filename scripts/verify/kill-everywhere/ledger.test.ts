import { appendFileSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { makeRandom } from "../harness/random.ts";
import { chooseDeath, type Death, type KillPlan } from "./kill-plan.ts";
import { openLedger, type Ledger } from "./ledger.ts";

let folder: string;
let ledger: Ledger;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "automna-ledger-"));
  ledger = openLedger(folder, { grain: "path", steps: ["createSlot"], random: makeRandom(1) });
});
afterEach(() => rmSync(folder, { recursive: true }));

const death = { agentId: "agt_1", path: "deploy", step: "createSlot" } as const;
const tell = (pid: number, moment: Death["moment"]) =>
  appendFileSync(
    join(folder, "deaths.jsonl"),
    `${JSON.stringify({ ...death, pid, moment, point: `deploy: ${moment} createSlot` } satisfies Death)}\n`,
  );

test("a death counts once, and another one of a process that got the same id counts too", () => {
  tell(7, "before");
  expect(ledger.noteEnd(7)).toMatchObject({ moment: "before" });
  expect(ledger.noteEnd(7)).toBeNull();
  tell(7, "after");
  expect(ledger.noteEnd(7)).toMatchObject({ moment: "after" });
  expect(ledger.deaths()).toHaveLength(2);
  expect(ledger.missing(["createSlot"])).toEqual([]);
});

test("what is passed time and again without a death is missed, unless all were spared by then", () => {
  const reach = (label: string) =>
    Array.from({ length: 3 }, () =>
      appendFileSync(
        join(folder, "reached.jsonl"),
        `${JSON.stringify({ agentId: "agt_1", path: "deploy", step: label, label, moment: "before" })}\n`,
      ),
    );
  reach("wait");
  expect(ledger.missing([])).toEqual(["deploy: before wait, passed 3 times"]);
  ledger.spareAll();
  reach("startSlot");
  expect(ledger.missing([])).toEqual(["deploy: before wait, passed 3 times"]);
});

test("a path is worth many kills until somebody has gone it to its end: what comes there is not known before", () => {
  const before = ledger.need("move");
  ledger.setWalk("agt_1", { path: "move", kills: 6 });
  expect(ledger.need("move")).toBe(before);
  ledger.setWalk("agt_1", null);
  expect(ledger.need("move")).toBe(0);
  expect(before).toBeGreaterThan(0);
});

test("nobody dies any more on the walks that are spared, and later walks are walks again", () => {
  const step = { step: "createSlot", slotId: "slt_1" } as const;
  const choose = () => {
    const plan = JSON.parse(readFileSync(join(folder, "plan.json"), "utf8")) as KillPlan;
    return chooseDeath(plan, "agt_1", step, "before");
  };
  ledger.setWalk("agt_1", { path: "deploy", kills: 6 });
  expect(choose()).not.toBeNull();
  ledger.spareAll();
  expect(choose()).toBeNull();
  ledger.setWalk("agt_1", { path: "deploy", kills: 6 });
  expect(choose()).not.toBeNull();
});
