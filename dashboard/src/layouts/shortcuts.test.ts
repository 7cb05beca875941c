import { expect, test } from "vitest";
import { shortcutFor } from "./shortcuts.ts";

const key = (name: string, held: Partial<KeyboardEvent> = {}) => ({
  key: name,
  metaKey: false,
  ctrlKey: false,
  altKey: false,
  ...held,
});

test("opens the palette from anywhere and the shortcuts only where nobody types", () => {
  expect(shortcutFor(key("k", { metaKey: true }), true)).toBe("palette");
  expect(shortcutFor(key("K", { ctrlKey: true }), false)).toBe("palette");
  expect(shortcutFor(key("?"), false)).toBe("shortcuts");
  expect(shortcutFor(key("?"), true)).toBeNull();
  expect(shortcutFor(key("k"), false)).toBeNull();
});
