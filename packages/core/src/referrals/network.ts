/**
 * The network of an address, as people get one: /24 of IPv4, /48 of IPv6. Null for addresses that say nothing of where
 * somebody is: loopback, private and link-local ones.
 */
export function networkOf(address: string): string | null {
  const plain = address.toLowerCase().replace(/^::ffff:(?=\d+\.)/, "");
  return plain.includes(":") ? network6(plain) : network4(plain);
}

function network4(address: string): string | null {
  const parts = address.split(".").map(Number);
  const [a = 0, b = 0, c = 0] = parts;
  if (parts.length !== 4 || parts.some((part) => !Number.isInteger(part) || part < 0 || part > 255)) return null;
  const isPrivate =
    a === 0 ||
    a === 10 ||
    a === 127 ||
    (a === 100 && b >= 64 && b < 128) ||
    (a === 169 && b === 254) ||
    (a === 172 && b >= 16 && b < 32) ||
    (a === 192 && b === 168);
  return isPrivate ? null : `${a}.${b}.${c}.0/24`;
}

function network6(address: string): string | null {
  const [head = "", tail] = address.split("::");
  const left = head === "" ? [] : head.split(":");
  const right = tail === undefined || tail === "" ? [] : tail.split(":");
  const missing = Math.max(0, 8 - left.length - right.length);
  const groups = tail === undefined ? left : [...left, ...Array<string>(missing).fill("0"), ...right];
  if (groups.length !== 8 || groups.some((group) => !/^[0-9a-f]{1,4}$/.test(group))) return null;
  const [first = 0, second = 0, third = 0] = groups.map((group) => Number.parseInt(group, 16));
  // Global unicast is 2000::/3 (RFC 4291, 2.4).
  if (first >> 13 !== 1) return null;
  return `${[first, second, third].map((group) => group.toString(16)).join(":")}::/48`;
}
