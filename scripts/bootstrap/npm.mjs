import { spawn } from "node:child_process";
import { basename } from "node:path";

/** npm says what is wrong first, and how it is used after that. */
const SHOWN_LINES = 12;

/**
 * Installs exactly the folder's package-lock.json. Install scripts stay off: what they would have done is done by us where
 * it is needed, and a package cannot run code on this machine by being installed.
 * @param {string} folder
 */
export async function npmCi(folder) {
  const { command, args } = ownNpm();
  await run(command, [...args, "ci", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error"], folder);
}

/** The npm that started us, which fits the running Node; else whatever is on the path. */
function ownNpm() {
  const path = process.env["npm_execpath"] ?? "";
  const isNpm = /^npm(-cli)?\.c?js$/.test(basename(path));
  return isNpm ? { command: process.execPath, args: [path] } : { command: "npm", args: [] };
}

/**
 * Resolves when the program ends well; rejects with its first lines otherwise.
 * @param {string} command @param {string[]} args @param {string} cwd
 * @param {NodeJS.ProcessEnv} [env]
 * @returns {Promise<void>}
 */
export function run(command, args, cwd, env = process.env) {
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, { cwd, env, stdio: ["ignore", "pipe", "pipe"] });
    let output = "";
    child.stdout.on("data", (chunk) => (output += chunk));
    child.stderr.on("data", (chunk) => (output += chunk));
    child.once("error", (error) => reject(new Error(`${command} could not be started: ${error.message}`)));
    child.once("close", (code) => {
      if (code === 0) return resolve();
      const shown = output.trim().split("\n").slice(0, SHOWN_LINES).join("\n");
      reject(new Error(`"${basename(command)} ${args.join(" ")}" failed in ${cwd}:\n${shown}`));
    });
  });
}
