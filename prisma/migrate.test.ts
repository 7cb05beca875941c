import { describe, expect, test } from "vitest";
import { choosePending } from "./migrate.ts";

const first = { name: "0001_first", sql: "select 1", checksum: "aa" };
const second = { name: "0002_second", sql: "select 2", checksum: "bb" };

function row(overrides: Partial<Parameters<typeof choosePending>[1][number]> = {}) {
  return { migration_name: "0001_first", checksum: "aa", finished_at: new Date(0), rolled_back_at: null, ...overrides };
}

describe("choosePending", () => {
  test("runs everything on an empty database", () => {
    expect(choosePending([first, second], [])).toEqual([first, second]);
  });

  test("leaves out what is applied", () => {
    expect(choosePending([first, second], [row()])).toEqual([second]);
  });

  test("runs a migration again after it was rolled back", () => {
    expect(choosePending([first], [row({ rolled_back_at: new Date(1), finished_at: null })])).toEqual([first]);
  });

  test("stops at a migration that another tool left half-applied", () => {
    expect(() => choosePending([first], [row({ finished_at: null })])).toThrow(/failed half-way/);
  });

  test("stops when an applied file was edited", () => {
    expect(() => choosePending([first], [row({ checksum: "cc" })])).toThrow(/changed after it was applied/);
  });
});
