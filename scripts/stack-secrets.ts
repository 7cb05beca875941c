// `npm run stack:secrets`: makes every secret of the production stack, once. Prints names and never values.
import { resolve } from "node:path";
import { parseArgs } from "node:util";
import { nodeNameSchema } from "@automna/contract/nodekeeper";
import { ensureSecretFiles } from "./stack/secret-files.ts";
import { stackSecretNames } from "./stack/stack-secrets.ts";
import { ensureSwarmSecrets, replaceSwarmSecret } from "./stack/swarm-secrets.ts";

const USAGE = `npm run stack:secrets -- --folder <folder> [--node <name>]... [--replace <secret>]...

  --folder   where the secrets lie, one file each; what can be made is made there. It is the only copy: keep it, offline
  --node     also makes nodekeeper's certificate for a node of the cell, in <folder>/cell (docs/nodekeeper.md)
  --replace  makes the next version of a secret whose file was changed, and prints the line for stack.env
`;

const { folder, node, replace } = parseArgs({
  options: {
    folder: { type: "string" },
    node: { type: "string", multiple: true },
    replace: { type: "string", multiple: true },
  },
}).values;

if (folder === undefined) {
  console.error(USAGE);
  process.exit(2);
}
try {
  const path = resolve(folder);
  const wrong = node?.find((name) => !nodeNameSchema.safeParse(name).success);
  if (wrong !== undefined) throw new Error(`${wrong} is no node's name: lower-case letters, digits and hyphens`);
  await ensureSecretFiles(path, node);
  const { made, kept } = await ensureSwarmSecrets(path, process.env);
  console.log(`${made.length} secrets made, ${kept.length} were there`);
  for (const wanted of replace ?? []) {
    const name = stackSecretNames.find((each) => each === wanted);
    if (name === undefined) throw new Error(`there is no secret ${wanted}`);
    console.log(await replaceSwarmSecret(path, name, process.env));
  }
} catch (error) {
  console.error(error instanceof Error ? error.message : error);
  process.exit(1);
}
