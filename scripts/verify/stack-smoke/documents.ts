import { readFileSync } from "node:fs";
import { inCheckout } from "../../bootstrap/paths.mjs";

/**
 * The shell commands below a heading of a document of ours, in order; a loop, or a line that goes on in the next, is one. Comments and
 * indentation are left out. Throws where there are none: then the document has changed, and so must its reader.
 */
export function readCommands(document: string, heading: string): string[] {
  const section = sectionOf(readFileSync(inCheckout(document), "utf8"), heading);
  const blocks = [...section.matchAll(/^( *)```sh\n([\s\S]*?)^ *```$/gm)].map(([, , block = ""]) => block);
  const lines = blocks.flatMap((block) => block.split("\n")).map((line) => line.replace(/(^|\s)#.*$/, "").trim());
  const commands: string[] = [];
  let open = "";
  for (const line of lines.filter((each) => each !== "")) {
    open += line;
    const isContinued = open.endsWith("\\");
    if (isContinued) open = `${open.slice(0, -1).trim()} `;
    else if (/^for\b/.test(open) && line !== "done") open += "\n";
    else {
      commands.push(open);
      open = "";
    }
  }
  if (commands.length === 0) throw new Error(`${document} has no commands below "${heading}"`);
  return commands;
}

/** The one command that begins so. */
export function pickCommand(commands: readonly string[], beginning: string): string {
  const [found, ...others] = commands.filter((command) => command.startsWith(beginning));
  if (found === undefined || others.length > 0) throw new Error(`there is not one command "${beginning} …"`);
  return found;
}

function sectionOf(text: string, heading: string): string {
  const from = text.indexOf(`\n## ${heading}\n`);
  if (from < 0) throw new Error(`there is no heading "${heading}"`);
  const to = text.indexOf("\n## ", from + 1);
  return text.slice(from, to < 0 ? undefined : to);
}
