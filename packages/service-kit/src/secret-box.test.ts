import { describe, expect, test } from "vitest";
import { newKeyRingJson, parseKeyRing, seal, unseal, type KeyRing } from "./secret-box.ts";

const ring = parseKeyRing(newKeyRingJson());
const forUser = { owner: "user_a", kind: "model_key" } as const;
const plain = Buffer.from("sk-ant-api03-secret");

describe("round trip", () => {
  test("opens what it sealed, and seals the same value differently each time", () => {
    const first = seal(ring, plain, forUser);
    expect(unseal(ring, first, forUser)).toEqual(plain);
    expect(seal(ring, plain, forUser).equals(first)).toBe(false);
    expect(first.includes(plain)).toBe(false);
  });

  test("an older key of the ring still opens", () => {
    const [oldId = "", oldKey = Buffer.alloc(0)] = [...ring.keys][0] ?? [];
    const rotated: KeyRing = {
      primary: "k2",
      keys: new Map([
        [oldId, oldKey],
        ["k2", Buffer.alloc(32, 7)],
      ]),
    };
    expect(unseal(rotated, seal(ring, plain, forUser), forUser)).toEqual(plain);
    expect(() => unseal(ring, seal(rotated, plain, forUser), forUser)).toThrow(
      expect.objectContaining({ code: "envelope_unreadable" }),
    );
  });
});

describe("failure modes", () => {
  const refused = expect.objectContaining({ code: "envelope_unreadable" });

  test("a row that was swapped to another owner or kind does not open", () => {
    const envelope = seal(ring, plain, forUser);
    expect(() => unseal(ring, envelope, { ...forUser, owner: "user_b" })).toThrow(refused);
    expect(() => unseal(ring, envelope, { ...forUser, kind: "slot_root_key" })).toThrow(refused);
  });

  test("no single byte can be changed, and no prefix opens", () => {
    const envelope = seal(ring, plain, forUser);
    for (let i = 0; i < envelope.length; i += 1) {
      const changed = Buffer.from(envelope);
      changed[i] = (changed[i] ?? 0) ^ 1;
      expect(() => unseal(ring, changed, forUser), `byte ${i}`).toThrow(refused);
      expect(() => unseal(ring, envelope.subarray(0, i), forUser), `prefix ${i}`).toThrow(refused);
    }
  });

  test("a ring without its primary key or with a short key is refused", () => {
    expect(() => parseKeyRing('{"primary":"k9","keys":{}}')).toThrow("primary key");
    expect(() => parseKeyRing('{"primary":"k1","keys":{"k1":"AAAA"}}')).toThrow("32 bytes");
  });
});
