// Dependency-free start of every command: installs what is missing, then goes on under a Node that runs TypeScript.
// Plain JavaScript on purpose: this file and scripts/bootstrap/ must run on any Node from 18, before any install.
import { COMMANDS, isHelpRequest, printUsage } from "./bootstrap/commands.mjs";
import { installGateway } from "./bootstrap/gateway.mjs";
import { installPackages } from "./bootstrap/packages.mjs";
import { explainUnsupported } from "./bootstrap/platform.mjs";
import { generatePrismaClient } from "./bootstrap/prisma-client.mjs";
import { chooseNode, runScript } from "./bootstrap/runtime.mjs";

const [command = "", ...args] = process.argv.slice(2);

if (!Object.hasOwn(COMMANDS, command) || isHelpRequest(args)) {
  process.exitCode = printUsage(command);
} else {
  try {
    process.exitCode = await start(command);
  } catch (error) {
    console.error(`\n${error instanceof Error ? error.message : String(error)}`);
    process.exitCode = 1;
  }
}

/** @param {string} name Exit code of the command. */
async function start(name) {
  const problem = explainUnsupported();
  if (problem) throw new Error(problem);
  await installPackages();
  const node = chooseNode();
  await generatePrismaClient(node);
  const gatewayDir = COMMANDS[name]?.needsGateway ? await installGateway() : undefined;
  return runScript(node, name, args, gatewayDir);
}
