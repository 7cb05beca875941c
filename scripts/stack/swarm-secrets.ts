import { spawn } from "node:child_process";
import { once } from "node:events";
import { readSecretFile } from "./secret-files.ts";
import { SECRET_PREFIX, stackSecretNames, type StackSecretName } from "./stack-secrets.ts";

export interface MadeSecrets {
  made: string[];
  kept: string[];
}

/** Makes a Swarm secret of every file that has none yet. Repeating it makes nothing; values go by standard input alone. */
export async function ensureSwarmSecrets(folder: string, env: NodeJS.ProcessEnv): Promise<MadeSecrets> {
  const there = await listSecrets(env);
  const answer: MadeSecrets = { made: [], kept: [] };
  for (const name of stackSecretNames) {
    const full = SECRET_PREFIX + name;
    if (there.includes(full)) {
      answer.kept.push(full);
      continue;
    }
    await createSecret(full, readSecretFile(folder, name), env);
    answer.made.push(full);
  }
  return answer;
}

/** A Swarm secret can't be changed: makes the next one of the name from its file. Answers the line for stack.env. */
export async function replaceSwarmSecret(
  folder: string,
  name: StackSecretName,
  env: NodeJS.ProcessEnv,
): Promise<string> {
  const there = await listSecrets(env);
  const base = SECRET_PREFIX + name;
  let count = 2;
  while (there.includes(`${base}.${count}`)) count += 1;
  await createSecret(`${base}.${count}`, readSecretFile(folder, name), env);
  return `SECRET_${name.replaceAll("-", "_").toUpperCase()}=${base}.${count}`;
}

async function listSecrets(env: NodeJS.ProcessEnv): Promise<string[]> {
  const names = await docker(["secret", "ls", "--format", "{{.Name}}"], "", env);
  return names.split("\n").filter((name) => name !== "");
}

async function createSecret(name: string, content: string, env: NodeJS.ProcessEnv): Promise<void> {
  await docker(["secret", "create", "--label", "automna.stack=true", name, "-"], content, env);
}

/** Docker's own client, which finds the manager by DOCKER_HOST or its context. */
async function docker(args: readonly string[], input: string, env: NodeJS.ProcessEnv): Promise<string> {
  const child = spawn("docker", args, { env, stdio: ["pipe", "pipe", "inherit"] });
  let output = "";
  child.stdout.on("data", (chunk: Buffer) => (output += chunk.toString("utf8")));
  child.stdin.end(input);
  const [code] = (await once(child, "close")) as [number | null];
  if (code !== 0) throw new Error(`docker ${args.slice(0, 2).join(" ")} failed`);
  return output;
}
