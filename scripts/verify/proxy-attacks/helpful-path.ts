const OVERLONG = /[\xc0\xc1]([\x80-\xbf])/g;

/** Every path that one target may mean to servers which decode, normalise and tidy more than they should. */
export function helpfulReadings(target: string): string[] {
  const readings = new Set<string>();
  let text = target;
  for (let round = 0; round < 4; round += 1) {
    readings.add(tidy(text));
    readings.add(tidy(text.split("\0", 1)[0] ?? ""));
    readings.add(tidy(text.replaceAll("\0", "")));
    text = decodeOnce(text);
  }
  return [...readings];
}

/** Bytes as they are, then overlong forms, UTF-8 and its compatibility forms as what they look like. */
function decodeOnce(text: string): string {
  const bytes = text.replaceAll(/%([0-9a-f]{2})/gi, (_match, hex: string) =>
    String.fromCharCode(Number.parseInt(hex, 16)),
  );
  const plain = bytes.replaceAll(OVERLONG, (match, low: string) =>
    String.fromCharCode(((match.charCodeAt(0) & 3) << 6) | (low.charCodeAt(0) & 0x3f)),
  );
  const isBytes = !/[\u0100-\uffff]/.test(plain);
  const read = isBytes ? Buffer.from(plain, "latin1").toString("utf8") : plain;
  return (read.includes("\ufffd") ? plain : read).normalize("NFKC");
}

/** Backslashes and parameters gone, empty and dot segments resolved, in lower case. */
function tidy(text: string): string {
  const path = text.replaceAll("\\", "/").split("?", 1)[0] ?? "";
  const kept: string[] = [];
  for (const segment of path.split("/").map((part) => part.split(";", 1)[0] ?? "")) {
    if (segment === "..") kept.pop();
    else if (segment !== "." && segment !== "") kept.push(segment);
  }
  return `/${kept.join("/")}`.toLowerCase();
}
