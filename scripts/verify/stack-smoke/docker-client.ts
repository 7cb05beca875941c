import { spawn } from "node:child_process";
import { once } from "node:events";
import { command } from "@automna/testkit/docker/command";
import { findProgram } from "@automna/testkit/docker/find-docker";
import type { LabNode } from "@automna/testkit/docker/swarm-lab";

/** Docker's own client at one engine, to look at what is there. */
export interface DockerClient {
  run: (...args: string[]) => Promise<string>;
  lines: (...args: string[]) => Promise<string[]>;
  /** For what is given by standard input. */
  withInput: (input: string, ...args: string[]) => Promise<void>;
}

export function dockerClient({ engine }: LabNode): DockerClient {
  const env = { ...process.env, DOCKER_HOST: `unix://${engine.socketPath}` };
  const program = findProgram("docker") ?? "docker";
  const run = (...args: string[]) => command([program, ...args], { env });
  return {
    run,
    lines: async (...args) => (await run(...args)).split("\n").filter((line) => line !== ""),
    async withInput(input, ...args) {
      const child = spawn(program, args, { env, stdio: ["pipe", "ignore", "inherit"] });
      child.stdin.end(input);
      const [code] = (await once(child, "close")) as [number | null];
      if (code !== 0) throw new Error(`docker ${args.slice(0, 2).join(" ")} failed`);
    },
  };
}
