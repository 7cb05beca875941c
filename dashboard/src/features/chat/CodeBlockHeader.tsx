import type { CodeHeaderProps } from "@assistant-ui/react-markdown";
import { CopyButton } from "../../components/CopyButton.tsx";
import { languageLabel } from "./highlighter.ts";

export function CodeBlockHeader({ language, code }: CodeHeaderProps) {
  return (
    <div className="prose-code-header">
      <span>{languageLabel(language)}</span>
      <CopyButton text={code.replace(/\n$/, "")} className="-mr-2" />
    </div>
  );
}
