import { expect, test } from "vitest";
import { makeRandom } from "../harness/random.ts";
import { pathNames, paths, samplePaths, type PathName } from "./paths.ts";

test("whatever ways a short run goes, every agent on them finds back and ends deleted", () => {
  const seen = new Set<PathName>();
  for (let seed = 0; seed < 60; seed += 1) {
    const among = samplePaths(makeRandom(seed), 3);
    for (const name of among) {
      seen.add(name);
      expect(among.some((next) => paths[next].from === paths[name].to)).toBe(true);
    }
    expect(among).toEqual(expect.arrayContaining(["deploy", "delete"]));
    expect(new Set(among).size).toBe(among.length);
  }
  expect([...seen].toSorted()).toEqual(pathNames.toSorted());
});
