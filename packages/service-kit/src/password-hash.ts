import { randomBytes, scrypt, timingSafeEqual } from "node:crypto";

/** RFC 7914; OWASP's setting for 32 MB: slow for whoever guesses, and two at a time fit into a small process. */
const COST = 2 ** 15;
const BLOCK_SIZE = 8;
const PARALLELISM = 3;
const SALT_BYTES = 16;
const HASH_BYTES = 32;
/** Node refuses what needs more than it was told; it needs 128·N·r and a little. */
const MEMORY_MAX_BYTES = 2 * 128 * COST * BLOCK_SIZE;
const FORM = /^scrypt\$(\d{1,8})\$(\d{1,3})\$(\d{1,3})\$([\w-]{22})\$([\w-]{43})$/;

/** `scrypt$N$r$p$salt$hash`; a new salt each time, so that two of one password differ. */
export async function hashPassword(password: string): Promise<string> {
  const salt = randomBytes(SALT_BYTES);
  const hash = await derive(password, salt, { cost: COST, blockSize: BLOCK_SIZE, parallelism: PARALLELISM });
  return `scrypt$${COST}$${BLOCK_SIZE}$${PARALLELISM}$${salt.toString("base64url")}$${hash.toString("base64url")}`;
}

/** Compares in constant time. Throws for a hash that is none of ours. */
export async function isPassword(password: string, stored: string): Promise<boolean> {
  const match = FORM.exec(stored);
  if (match === null) throw new Error("not a password hash");
  const [, cost = "", blockSize = "", parallelism = "", salt = "", hash = ""] = match;
  const given = await derive(password, Buffer.from(salt, "base64url"), {
    cost: Number(cost),
    blockSize: Number(blockSize),
    parallelism: Number(parallelism),
  });
  return timingSafeEqual(given, Buffer.from(hash, "base64url"));
}

interface Costs {
  cost: number;
  blockSize: number;
  parallelism: number;
}

function derive(password: string, salt: Buffer, { cost, blockSize, parallelism }: Costs): Promise<Buffer> {
  const options = { cost, blockSize, parallelization: parallelism, maxmem: MEMORY_MAX_BYTES };
  return new Promise((resolve, reject) => {
    scrypt(password.normalize("NFC"), salt, HASH_BYTES, options, (error, hash) => {
      if (error === null) resolve(hash);
      else reject(error);
    });
  });
}
