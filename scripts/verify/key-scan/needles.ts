/** One form in which a secret might be lying around. */
export interface Needle {
  form: string;
  bytes: Buffer;
}

/** Long enough that a chance hit is impossible, short enough to find a secret that was cut. */
const PART_LENGTH = 24;

/**
 * The forms of a secret that a search looks for: its beginning and its end (a cut copy counts), base64 and base64url at
 * each of the three alignments (a secret inside a longer text encodes differently), and all of that in hexadecimal,
 * which is how a database prints bytes.
 */
export function needlesOf(secret: string): Needle[] {
  const plain = [
    { form: "beginning", text: secret.slice(0, PART_LENGTH) },
    { form: "end", text: secret.slice(-PART_LENGTH) },
  ];
  const base64 = [0, 1, 2].flatMap((offset) => {
    const { standard, url } = encodeAt(secret, offset);
    return [
      { form: `base64 at ${offset}`, text: standard },
      { form: `base64url at ${offset}`, text: url },
    ];
  });
  const texts = [...plain, ...base64];
  return [
    ...texts.map(({ form, text }) => ({ form, bytes: Buffer.from(text) })),
    ...texts.map(({ form, text }) => ({
      form: `${form}, in hex`,
      bytes: Buffer.from(Buffer.from(text).toString("hex")),
    })),
  ];
}

/** What of the base64 does not depend on the bytes before and after: whole groups of three bytes only. */
function encodeAt(secret: string, offset: number): { standard: string; url: string } {
  const bytes = Buffer.from(secret).subarray(offset);
  const whole = bytes.subarray(0, bytes.length - (bytes.length % 3)).subarray(-3 * Math.floor(PART_LENGTH / 3));
  return { standard: whole.toString("base64"), url: whole.toString("base64url") };
}

/** The form in which the bytes hold the secret, or null. */
export function findNeedle(haystack: Buffer, needles: readonly Needle[]): string | null {
  return needles.find(({ bytes }) => haystack.includes(bytes))?.form ?? null;
}

/** Something to look for, by a name for people. */
export interface Secret {
  name: string;
  needles: readonly Needle[];
}

export function secretOf(name: string, text: string): Secret {
  return { name, needles: needlesOf(text) };
}

/** Which of the secrets the bytes hold, each with the form in which it was seen first. */
export function findSecrets(haystack: Buffer, secrets: readonly Secret[]): { secret: string; form: string }[] {
  return secrets.flatMap(({ name, needles }) => {
    const form = findNeedle(haystack, needles);
    return form === null ? [] : [{ secret: name, form }];
  });
}
