import {
  MarkdownTextPrimitive,
  unstable_memoizeMarkdownComponents as memoizeComponents,
} from "@assistant-ui/react-markdown";
import remarkGfm from "remark-gfm";
import { CodeBlockHeader } from "./CodeBlockHeader.tsx";
import { HighlightedCode } from "./HighlightedCode.tsx";

const plugins = [remarkGfm];

/** An agent writes text, never our page: no raw HTML (react-markdown shows it as text), no pictures from elsewhere. */
const components = memoizeComponents({
  a: ({ href, children }) =>
    href ? (
      <a href={href} target="_blank" rel="noopener noreferrer nofollow">
        {children}
      </a>
    ) : (
      <span>{children}</span>
    ),
  // Loading a picture would tell its host who reads what.
  img: ({ src, alt }) => (
    <a href={typeof src === "string" ? src : undefined} target="_blank" rel="noopener noreferrer nofollow">
      {alt || (typeof src === "string" ? src : "picture")}
    </a>
  ),
  table: ({ children }) => (
    // oxlint-disable-next-line jsx-a11y/no-noninteractive-tabindex -- what scrolls must be reachable by keyboard
    <div className="prose-table" tabIndex={0} role="region" aria-label="Table">
      <table>{children}</table>
    </div>
  ),
  CodeHeader: CodeBlockHeader,
  SyntaxHighlighter: HighlightedCode,
});

export function MarkdownText() {
  return (
    <MarkdownTextPrimitive className="prose" remarkPlugins={plugins} components={components} smooth={false} defer />
  );
}
