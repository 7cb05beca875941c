import type { HighlighterCore, LanguageRegistration } from "shiki/core";

export interface CodeToken {
  text: string;
  /** A CSS variable of tokens.css. */
  color: string | undefined;
}

type Grammar = () => Promise<{ default: LanguageRegistration[] }>;

/** Loaded one by one when a block needs them. */
const grammars: Readonly<Record<string, { label: string; load: Grammar }>> = {
  bash: { label: "Shell", load: () => import("shiki/dist/langs/bash.mjs") },
  css: { label: "CSS", load: () => import("shiki/dist/langs/css.mjs") },
  diff: { label: "Diff", load: () => import("shiki/dist/langs/diff.mjs") },
  docker: { label: "Dockerfile", load: () => import("shiki/dist/langs/docker.mjs") },
  go: { label: "Go", load: () => import("shiki/dist/langs/go.mjs") },
  html: { label: "HTML", load: () => import("shiki/dist/langs/html.mjs") },
  java: { label: "Java", load: () => import("shiki/dist/langs/java.mjs") },
  javascript: { label: "JavaScript", load: () => import("shiki/dist/langs/javascript.mjs") },
  json: { label: "JSON", load: () => import("shiki/dist/langs/json.mjs") },
  markdown: { label: "Markdown", load: () => import("shiki/dist/langs/markdown.mjs") },
  python: { label: "Python", load: () => import("shiki/dist/langs/python.mjs") },
  rust: { label: "Rust", load: () => import("shiki/dist/langs/rust.mjs") },
  sql: { label: "SQL", load: () => import("shiki/dist/langs/sql.mjs") },
  tsx: { label: "TSX", load: () => import("shiki/dist/langs/tsx.mjs") },
  typescript: { label: "TypeScript", load: () => import("shiki/dist/langs/typescript.mjs") },
  yaml: { label: "YAML", load: () => import("shiki/dist/langs/yaml.mjs") },
};

const aliases: Readonly<Record<string, string>> = {
  sh: "bash",
  shell: "bash",
  zsh: "bash",
  console: "bash",
  dockerfile: "docker",
  js: "javascript",
  jsx: "tsx",
  md: "markdown",
  py: "python",
  rs: "rust",
  ts: "typescript",
  yml: "yaml",
  xml: "html",
};

function toLanguage(name: string): string {
  const lower = name.toLowerCase();
  return aliases[lower] ?? lower;
}

/** What stands above a block; an unknown name is shown as it was written. */
export function languageLabel(name: string | undefined): string {
  if (name === undefined || name === "" || name === "unknown" || name === "text") return "Text";
  return grammars[toLanguage(name)]?.label ?? name;
}

let highlighter: Promise<HighlighterCore> | null = null;

/** Shiki on the JavaScript engine: the CSP allows neither WebAssembly nor eval. */
async function makeHighlighter(): Promise<HighlighterCore> {
  const [{ createHighlighterCore, createCssVariablesTheme }, { createJavaScriptRegexEngine }] = await Promise.all([
    import("shiki/core"),
    import("shiki/engine/javascript"),
  ]);
  return createHighlighterCore({
    engine: createJavaScriptRegexEngine({ forgiving: true }),
    themes: [createCssVariablesTheme({ name: "tokens", variablePrefix: "--shiki-" })],
    langs: [],
  });
}

/** Tokens of a block in reading order, or null for a language that we have no grammar of. */
export async function tokenize(code: string, name: string): Promise<CodeToken[] | null> {
  const language = toLanguage(name);
  const grammar = grammars[language];
  if (grammar === undefined) return null;
  highlighter ??= makeHighlighter();
  const shiki = await highlighter;
  if (!shiki.getLoadedLanguages().includes(language)) await shiki.loadLanguage((await grammar.load()).default);
  const lines = shiki.codeToTokensBase(code, { lang: language, theme: "tokens" });
  return lines.flatMap((line, index) => [
    ...(index === 0 ? [] : [{ text: "\n", color: undefined }]),
    ...line.map((token) => ({ text: token.content, color: token.color })),
  ]);
}
