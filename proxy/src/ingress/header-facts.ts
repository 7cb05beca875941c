/** What is known of a header by its name alone. */
export interface HeaderFacts<Facts> {
  /** Of a name as it was sent, in any case. */
  of: (sentName: string) => Facts & { name: string };
}

/** Names in real use are a few dozen. Who invents new ones has everybody's forgotten now and then, and no more. */
const REMEMBERED_MAX = 1_000;
const REMEMBERED_MAX_LENGTH = 64;

/** Works out a name's facts once: every request brings the same two dozen names. */
export function makeHeaderFacts<Facts extends object>(workOut: (name: string) => Facts): HeaderFacts<Facts> {
  const known = new Map<string, Facts & { name: string }>();
  return {
    of(sentName) {
      const found = known.get(sentName);
      if (found !== undefined) return found;
      const name = sentName.toLowerCase();
      const facts = { name, ...workOut(name) };
      if (known.size >= REMEMBERED_MAX) known.clear();
      if (sentName.length <= REMEMBERED_MAX_LENGTH) known.set(sentName, facts);
      return facts;
    },
  };
}
