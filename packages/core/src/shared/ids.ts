/** What our own ids start with. User ids come from the identity provider (`user_…`) and follow the same shape. */
export type IdPrefix = "user" | "sess" | "agt" | "slt" | "wai" | "fbk" | "key" | "opa" | "swp" | "wav" | "drn" | "cla";

/** Crockford base32, lower case: no vowels that spell words, safe in paths, host names and unit names. */
const ALPHABET = "0123456789abcdefghjkmnpqrstvwxyz";
const ID_LENGTH = 20;

/** Bytes that idFrom needs; 20 base32 characters carry 100 bits. */
export const ID_BYTES = ID_LENGTH;

/** Makes an id from random bytes (at least ID_BYTES): `agt_` + 20 base32 characters. */
export function idFrom(prefix: IdPrefix, random: Uint8Array): string {
  if (random.length < ID_BYTES) throw new RangeError(`idFrom needs ${ID_BYTES} random bytes`);
  return `${prefix}_${codeFrom(random.subarray(0, ID_LENGTH))}`;
}

/** One base32 character for each random byte. */
export function codeFrom(random: Uint8Array): string {
  return Array.from(random, (byte) => ALPHABET.charAt(byte & 31)).join("");
}

/** Clerk ids are `user_` + 27 base62 characters, ours are 20 base32 ones: both fit, nothing with a separator does. */
const USER_ID = /^user_[0-9A-Za-z]{8,64}$/;

export function isUserId(value: string): boolean {
  return USER_ID.test(value);
}
