import { expect, test } from "vitest";
import { pathNames } from "./paths.ts";
import { needOfWay } from "./storm.ts";

test("dozing is worth what waking is, and a way that leads nowhere new is worth itself", () => {
  const need = (name: string) => ({ doze: 1, wake: 20, upgrade: 3 })[name] ?? 0;
  const worth = (name: (typeof pathNames)[number], among = pathNames) => needOfWay(name, among, { need });
  expect([worth("doze"), worth("wake"), worth("upgrade"), worth("stop")]).toEqual([21, 20, 3, 0]);
  expect(worth("doze", ["doze", "upgrade"])).toBe(1);
});
