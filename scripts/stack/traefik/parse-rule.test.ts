import { expect, test } from "vitest";
import { parseRule } from "./parse-rule.ts";

const at = (host: string, path = "/") => ({ host, path });

test.each([
  ["Host(`a.example`)", at("a.example"), true],
  ["Host(`a.example`)", at("A.Example."), true],
  ["Host(`a.example`)", at("b.example"), false],
  ["Host(`a.example`)", at("a.example.evil"), false],
  ["Host(`a`) && Path(`/api`) || PathPrefix(`/x`)", at("b", "/x1"), true],
  ["Host(`a`) && (Path(`/api`) || PathPrefix(`/x`))", at("b", "/x1"), false],
  ["!Host(`a`)", at("b"), true],
  ["HostRegexp(`^(?i)([a-z0-9-]+\\.)*apps\\.example$`)", at("SHOP--ada.apps.example"), true],
  ["HostRegexp(`^(?i)([a-z0-9-]+\\.)*apps\\.example$`)", at("apps.example.evil"), false],
])("%s and %o: %s", (rule, request, expected) => {
  expect(parseRule(rule)(request)).toBe(expected);
});

test.each(["", "Host(`a`", "Host(`a`) &&", "Host(`a`) Path(`/`)", "Header(`a`)", "(Host(`a`)", "Host(a)"])(
  "%j is refused: what can't be evaluated has been seen by no test",
  (rule) => {
    expect(() => parseRule(rule)).toThrow(/ends|read|evaluated|open|behind/);
  },
);
