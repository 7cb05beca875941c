/** Hosts whose mailboxes ignore dots, under one name. https://support.google.com/mail/answer/7436150 */
const DOTLESS: Readonly<Record<string, string>> = { "gmail.com": "gmail.com", "googlemail.com": "gmail.com" };

/** One text for all spellings that reach the same mailbox: case, `+tag` and, where the host ignores them, dots. */
export function canonicalEmail(email: string): string {
  const [mailbox = "", host = ""] = email
    .trim()
    .toLowerCase()
    .split(/@(?=[^@]*$)/);
  const [name = ""] = mailbox.split("+");
  const dotless = DOTLESS[host];
  return dotless === undefined ? `${name}@${host}` : `${name.replaceAll(".", "")}@${dotless}`;
}
