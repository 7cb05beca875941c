import { chmodSync, cpSync, mkdirSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { command } from "@automna/testkit/docker/command";
import { inCheckout } from "../../bootstrap/paths.mjs";
import type { ScenarioContext } from "../harness/scenario.ts";

/** Somebody who follows the documents: a shell in a checkout, with Docker's own client. */
export interface Operator {
  /** The checkout. */
  folder: string;
  /** Runs commands as they stand in a document, at one engine. Answers what they print. */
  run: (socketPath: string, ...commands: string[]) => Promise<string>;
  /** The same for commands that write nothing beside what they read: in the checkout itself, which Docker's builder needs as it is. */
  runInPlace: Operator["run"];
  /** Sets variables in compose/stack.env, which has a line for each. */
  fillIn: (values: Readonly<Record<string, string>>) => void;
}

/** Variables that decide where Docker's client goes, or what the stacks are told: the operator's own are not ours. */
const CLEAN = /^(DOCKER_|AUTOMNA_|SECRET_)/;

export async function makeOperator(ctx: ScenarioContext): Promise<Operator> {
  const folder = join(await ctx.folder(), "checkout");
  mkdirSync(folder);
  // What the documents have written there is not written into the real one.
  for (const name of readdirSync(inCheckout("."))) {
    if (name === "compose") cpSync(inCheckout(name), join(folder, name), { recursive: true });
    else if (name !== "secrets") symlinkSync(inCheckout(name), join(folder, name));
  }
  const stackEnv = join(folder, "compose/stack.env");
  const inherited = Object.entries(process.env).filter(([name]) => !CLEAN.test(name));
  const path = `${dirname(process.execPath)}:${process.env["PATH"] ?? ""}:/usr/local/bin:/usr/bin:/bin`;

  const runIn =
    (cwd: string): Operator["run"] =>
    (socketPath, ...commands) =>
      command(["bash", "-euc", commands.join("\n")], {
        cwd,
        env: {
          ...Object.fromEntries(inherited),
          PATH: path,
          DOCKER_HOST: `unix://${socketPath}`,
          // The machines that this runs on have no buildx.
          DOCKER_BUILDKIT: "0",
        },
      });

  return {
    folder,
    run: runIn(folder),
    runInPlace: runIn(inCheckout(".")),
    fillIn(values) {
      let text = readFileSync(stackEnv, "utf8");
      for (const [name, value] of Object.entries(values)) {
        const line = new RegExp(`^#?${name}=.*$`, "m");
        if (!line.test(text)) throw new Error(`stack.env.example has no line for ${name}`);
        text = text.replace(line, () => `${name}='${value}'`);
      }
      writeFileSync(stackEnv, text);
      chmodSync(stackEnv, 0o600);
    },
  };
}
