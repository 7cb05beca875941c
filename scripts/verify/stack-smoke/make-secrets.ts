import { randomBytes } from "node:crypto";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import type { FakeClerk } from "@automna/testkit/fakes/clerk/fake-clerk";
import { stackSecretNames } from "../../stack/stack-secrets.ts";
import type { ScenarioContext } from "../harness/scenario.ts";
import { pickCommand, readCommands } from "./documents.ts";
import type { StackLab } from "./lab.ts";
import { findNeedles, readNeedles } from "./needles.ts";
import type { Operator } from "./operator.ts";

interface Given {
  clerk: FakeClerk;
  tunnelToken: string;
}

/** The secrets of an installation, as the document has an operator make them. Answers their folder. */
export async function makeSecrets(
  ctx: ScenarioContext,
  operator: Operator,
  { control, worker }: StackLab,
  { clerk, tunnelToken }: Given,
): Promise<string> {
  const commands = readCommands("compose/README.md", "Secrets");
  const socketPath = control.engine.socketPath;
  await operator.run(socketPath, pickCommand(commands, "mkdir"));
  const folder = join(operator.folder, "secrets");
  const given = {
    "clerk-jwt-key": clerk.jwtKey,
    "clerk-secret-key": clerk.secretKey,
    "clerk-webhook-secret": clerk.webhookSecret,
    "tunnel-token": tunnelToken,
    "platform-key": `sk-ant-${randomBytes(24).toString("base64url")}`,
  };
  for (const [name, value] of Object.entries(given)) writeFileSync(join(folder, name), value, { mode: 0o600 });

  const make = pickCommand(commands, "npm run stack:secrets").replace("<each node of the cell>", worker.name);
  const printed = `${await operator.run(socketPath, make)}${await operator.run(socketPath, make)}`;
  const count = stackSecretNames.length;
  ctx.hold(
    printed.includes(`${count} secrets made, 0 were there`) && printed.includes(`0 secrets made, ${count} were there`),
    "every secret of the stacks is made once, and a second time makes none",
    printed,
  );
  const shown = findNeedles(new Map([["output", printed]]), readNeedles(folder));
  ctx.hold(shown.length === 0, "none of them is printed", shown);
  return folder;
}
