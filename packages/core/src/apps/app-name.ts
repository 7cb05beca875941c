/** Words of a host name, joined as `<app>--<handle>`: neither holds two dashes in a row, so the joint is found again. */
const WORD = /^[a-z0-9](?:-?[a-z0-9])*$/;
/** RFC 1035, 2.3.4: a label has at most 63 characters; two of them are the joint. */
export const appNameMaxLength = 32;
export const handleMaxLength = 29;
const HANDLE_MIN_LENGTH = 3;
/** `xn--…` is how browsers read an internationalised name (RFC 5890): no app may look like one. */
const IDN_PREFIX = "xn";
/** Handles that would speak for the platform. */
const reservedHandles: ReadonlySet<string> = new Set([
  "abuse",
  "account",
  "accounts",
  "admin",
  "api",
  "app",
  "apps",
  "auth",
  "automna",
  "billing",
  "dashboard",
  "login",
  "mail",
  "official",
  "security",
  "sign-in",
  "signin",
  "static",
  "status",
  "support",
  "system",
  "www",
]);

export function isAppName(text: string): boolean {
  return text.length <= appNameMaxLength && WORD.test(text) && text !== IDN_PREFIX;
}

/** Whether a text has the form of a handle; a reserved one has. */
export function isHandle(text: string): boolean {
  return text.length >= HANDLE_MIN_LENGTH && text.length <= handleMaxLength && WORD.test(text);
}

export function isReservedHandle(handle: string): boolean {
  return reservedHandles.has(handle);
}

/** `<app>--<handle>`, the first label of an app's host name. */
export function appLabel(name: string, handle: string): string {
  return `${name}--${handle}`;
}

/** The two words of a label, or null for anything that appLabel never makes. */
export function parseAppLabel(label: string): { name: string; handle: string } | null {
  const joint = label.indexOf("--");
  if (joint === -1) return null;
  const [name, handle] = [label.slice(0, joint), label.slice(joint + 2)];
  return isAppName(name) && isHandle(handle) ? { name, handle } : null;
}

/** Room for `-` and the longest suffix of suggestHandle. */
const SUFFIX_MAX_LENGTH = 6;

/** A handle made of a person's name, with `suffix` when that is taken or too little to be one. Always usable. */
export function suggestHandle(personName: string, suffix: string): string {
  const plain = personName
    .normalize("NFKD")
    .replaceAll(/\p{M}/gu, "")
    .toLowerCase()
    .replaceAll(/[^a-z0-9]+/g, "-")
    .slice(0, handleMaxLength - SUFFIX_MAX_LENGTH)
    .replaceAll(/^-+|-+$/g, "");
  const base = isHandle(plain) && !isReservedHandle(plain) ? plain : "";
  if (base === "") return `agent-${suffix === "" ? "one" : suffix}`;
  return suffix === "" ? base : `${base}-${suffix}`;
}
