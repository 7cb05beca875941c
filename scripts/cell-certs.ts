// `npm run cell:certs -- --folder <folder> --node <name> …`: the certificates with which the provisioner and the nodes of a
// cell know each other. What is there already stays: run it again for each new node.
import { parseArgs } from "node:util";
import { nodeNameSchema } from "@automna/contract/nodekeeper";
import { makeCellCertificates } from "./cells/make-cell-certificates.ts";

const usage = `npm run cell:certs -- --folder <folder> --node <name> [--node <name> …] [--renew] [--days 365]

  --folder  where the files go; keep ca-key.pem away from every machine of the platform
  --node    a node's name: its host name in the Swarm
  --renew   makes the provisioner's and these nodes' certificates again, from the same CA
  --days    how long certificates are good for; the CA for ten years`;

const { values } = parseArgs({
  options: {
    folder: { type: "string" },
    node: { type: "string", multiple: true, default: [] },
    renew: { type: "boolean", default: false },
    days: { type: "string", default: "365" },
  },
});
const days = Number(values.days);
const wrongNode = values.node.find((name) => !nodeNameSchema.safeParse(name).success);
if (values.folder === undefined || !Number.isInteger(days) || days < 1 || wrongNode !== undefined) {
  if (wrongNode !== undefined)
    console.error(`${wrongNode} is no node's name: lower-case letters, digits and hyphens.\n`);
  console.error(usage);
  process.exit(2);
}
const made = await makeCellCertificates({ folder: values.folder, nodes: values.node, days, isRenewing: values.renew });
for (const file of made) console.log(`  made ${file}`);
console.log(made.length === 0 ? "Everything is there already." : "docs/nodekeeper.md says what goes where.");
