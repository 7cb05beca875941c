#!/usr/bin/env node
// Prisma's schema engine without the download: speaks the line-based JSON-RPC of the native binary on stdin and
// stdout, and answers from the WebAssembly build of the same commit. The protocol is internal to Prisma, so the
// process refuses to start when CLI and engine are not of one version.
import { createInterface } from "node:readline";
import { runDatabaseCommand } from "./schema-engine/databases.mjs";
import { createDispatcher } from "./schema-engine/dispatcher.mjs";
import { parseArguments } from "./schema-engine/arguments.mjs";
import { assertSameVersion } from "./schema-engine/engine.mjs";

const args = parseArguments(process.argv.slice(2));
const version = assertSameVersion();

if (args.isVersionRequest) {
  console.log(`schema-engine-cli ${version}`);
} else if (args.databaseCommand) {
  process.exitCode = await runDatabaseCommand(args.databaseCommand, args.datasource?.url);
} else {
  serve();
}

function serve() {
  const dispatcher = createDispatcher(args, (message) => {
    process.stdout.write(`${JSON.stringify({ jsonrpc: "2.0", ...message })}\n`);
  });
  // One request at a time: the engine holds a single session with its advisory lock and search path.
  let queue = Promise.resolve();
  const lines = createInterface({ input: process.stdin, crlfDelay: Infinity });
  lines.on("line", (line) => {
    if (line.trim() === "") return;
    const request = JSON.parse(line);
    if (request.method) queue = queue.then(() => dispatcher.handle(request));
  });
  lines.on("close", () => {
    void queue.then(() => dispatcher.close()).finally(() => process.exit());
  });
}
