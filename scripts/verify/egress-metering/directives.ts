import type { Prompt } from "@automna/testkit/fakes/anthropic-prompt";
import type { RecordedCall, Reply } from "@automna/testkit/fakes/anthropic";

/** What the stand-in is told to do with a call; stands in the message, which nobody on the way reads. */
export interface Directive extends Partial<Reply> {
  /** Makes the request as long as a real one. */
  padding?: string;
  /** So that the server can count for itself what belongs together. */
  userId: string;
  run: string;
  /** Known to nobody but this call. */
  nonce: string;
}

/** Whose calls nobody bills: they did not come through egress. */
export const NOBODY = "nobody";

export function writeDirective(directive: Directive): string {
  return `@@${JSON.stringify(directive)}@@`;
}

export function readDirective(text: string): Directive | null {
  const found = /@@(\{.*?\})@@/.exec(text)?.[1];
  return found === undefined ? null : (JSON.parse(found) as Directive);
}

/** The stand-in's reply: what the message says, with its nonce for a proof. */
export function answerAsTold({ user }: Prompt, _call: RecordedCall): Reply {
  const directive = readDirective(user);
  return { text: `The word is ${directive?.nonce ?? "none"} and that is all there is.`, chunkMs: 2, ...directive };
}
