import { expect, test } from "vitest";
import { hashPassword, isPassword } from "./password-hash.ts";

// scrypt takes its time on a busy machine, which is its point.
const PATIENCE_MS = 30_000;

test(
  "a password is known by its hash, and no other one is",
  async () => {
    const stored = await hashPassword("open sesame");
    expect(stored).not.toContain("sesame");
    expect(await isPassword("open sesame", stored)).toBe(true);
    for (const wrong of ["", "open", "open sesame ", "Open sesame"])
      expect(await isPassword(wrong, stored)).toBe(false);
  },
  PATIENCE_MS,
);

test(
  "one password has a new hash each time",
  async () => {
    expect(await hashPassword("open sesame")).not.toBe(await hashPassword("open sesame"));
  },
  PATIENCE_MS,
);

test(
  "a letter counts, however the keyboard makes it",
  async () => {
    expect(await isPassword("caf\u00e9 12345", await hashPassword("cafe\u0301 12345"))).toBe(true);
  },
  PATIENCE_MS,
);

test(
  "what is no hash is refused, and is never taken for a wrong password",
  async () => {
    for (const stored of ["", "open sesame", "scrypt$1$1$1$x$y", "bcrypt$10$8$1$a$b"])
      await expect(isPassword("x", stored)).rejects.toThrow("not a password hash");
  },
  PATIENCE_MS,
);
