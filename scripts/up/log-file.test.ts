import { expect, test } from "vitest";
import { lastWords, toWords } from "./log-file.ts";

test("a JSON log line reads as its message and its error", () => {
  expect(toWords('{"level":"error","msg":"stop failed","err":{"message":"no database"}}')).toBe(
    "stop failed: no database",
  );
  expect(toWords('{"level":"info","msg":"listening"}')).toBe("listening");
});

test("a line of another program stays as it is", () => {
  expect(toWords("node:internal/modules: cannot find module")).toBe("node:internal/modules: cannot find module");
  expect(toWords('{"no":"message"}')).toBe('{"no":"message"}');
  expect(toWords("null")).toBe("null");
});

test("the last words are the error, not the stack and the version below it", () => {
  const lines = ["Error: no key ring", "    at main.ts:3", "Node.js v24.21.0"];
  expect(lastWords(lines)).toBe("Error: no key ring");
  expect(lastWords(["one", "two"])).toBe("two");
  expect(lastWords([])).toBeUndefined();
});
