import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";

/** @type {Record<string, { summary: string, needsGateway: boolean }>} */
export const COMMANDS = {
  up: { summary: "start Automna on this machine", needsGateway: true },
  test: { summary: "run every check and test", needsGateway: true },
  check: { summary: "types, lint, architecture, unused code", needsGateway: false },
  verify: { summary: "run one end-to-end scenario", needsGateway: true },
  bench: { summary: "measure the proxy beside others", needsGateway: false },
  screenshots: { summary: "take the screenshots of docs/screenshots again", needsGateway: true },
  specs: { summary: "fetch the vendors' API descriptions for the tests", needsGateway: false },
};

/** @param {string[]} args */
export function isHelpRequest(args) {
  return args.includes("--help") || args.includes("-h");
}

/** Prints a command's usage, or the list of commands. Returns the exit code: 1 for a command that does not exist. */
export function printUsage(/** @type {string} */ command) {
  if (Object.hasOwn(COMMANDS, command)) {
    console.log(readUsage(command));
    return 0;
  }
  const list = Object.entries(COMMANDS).map(([name, { summary }]) => `  npm run ${name.padEnd(12)} ${summary}`);
  const isKnown = command === "" || command === "--help" || command === "-h";
  if (!isKnown) console.error(`There is no command "${command}".\n`);
  console.log(`Commands:\n${list.join("\n")}\n\nEach explains itself: npm run <command> -- --help`);
  return isKnown ? 0 : 1;
}

/** @param {string} command */
export function readUsage(command) {
  return readFileSync(fileURLToPath(new URL(`usage/${command}.txt`, import.meta.url)), "utf8").trimEnd();
}
