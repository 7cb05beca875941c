import type { SyntaxHighlighterProps } from "@assistant-ui/react-markdown";
import { useEffect, useState } from "react";
import { tokenize, type CodeToken } from "./highlighter.ts";

/** Colours come when a block has been still for this long: a growing block is not tokenized again for every word. */
const STILL_MS = 120;

interface Coloured {
  code: string;
  tokens: readonly CodeToken[];
}

/** Code with colours. Colouring changes no letter's place, so nothing jumps when it arrives. */
export function HighlightedCode({ components: { Pre, Code }, language, code }: SyntaxHighlighterProps) {
  const [coloured, setColoured] = useState<Coloured | null>(null);

  useEffect(() => {
    let isCurrent = true;
    const timer = setTimeout(() => {
      tokenize(code, language).then(
        (tokens) => (isCurrent && tokens !== null ? setColoured({ code, tokens }) : undefined),
        // Without its grammar a block stays plain, which is readable too.
        () => undefined,
      );
    }, STILL_MS);
    return () => {
      isCurrent = false;
      clearTimeout(timer);
    };
  }, [code, language]);

  const usable = coloured !== null && code.startsWith(coloured.code) ? coloured : null;
  return (
    <Pre>
      <Code>
        {usable?.tokens.map((token, index) => (
          <span key={index} style={token.color === undefined ? undefined : { color: token.color }}>
            {token.text}
          </span>
        ))}
        {usable === null ? code : code.slice(usable.code.length)}
      </Code>
    </Pre>
  );
}
