import { expect, test } from "vitest";
import { parseUpOptions } from "./options.ts";

test("has defaults for everything", () => {
  expect(parseUpOptions([], {}, true)).toEqual({
    port: 4600,
    dataDir: "/var/lib/automna",
    isReset: false,
    isConfirmed: false,
    operators: [],
    settingsFile: null,
  });
  expect(parseUpOptions(["--operator", "a@x.example", "--operator", "b@x.example"], {}, true).operators).toEqual([
    "a@x.example",
    "b@x.example",
  ]);
  expect(parseUpOptions([], { XDG_DATA_HOME: "/data" }, false).dataDir).toBe("/data/automna");
});

test("makes the data folder absolute", () => {
  expect(parseUpOptions(["--data-dir", "/tmp/../srv/x"], {}, true).dataDir).toBe("/srv/x");
});

test("says what is wrong with a port or an unknown option", () => {
  expect(() => parseUpOptions(["--port", "http"], {}, true)).toThrow(/not a port/);
  expect(() => parseUpOptions(["--prot", "1"], {}, true)).toThrow(/--prot/);
});
