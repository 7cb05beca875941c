import { spawn } from "node:child_process";
import { fileURLToPath } from "node:url";
import { launch } from "./launcher.ts";
import type { StateRequest } from "./state-program.ts";

const PROGRAM = fileURLToPath(new URL("./state-program.ts", import.meta.url));
const TIMEOUT_MS = 30_000;

/** Returns a function that carries out a request on the volume as the gateway's user; throws with its words when it fails. */
export function makeStateFolder(gatewayUid: number | null, nodePath: string): (request: StateRequest) => Promise<void> {
  return (request) =>
    new Promise((resolve, reject) => {
      const [file = "", ...args] = launch(gatewayUid, [nodePath, PROGRAM]);
      const child = spawn(file, args, {
        cwd: "/",
        env: { PATH: "/usr/bin:/bin" },
        stdio: ["pipe", "ignore", "pipe"],
        timeout: TIMEOUT_MS,
        killSignal: "SIGKILL",
      });
      let complaint = "";
      child.stderr.setEncoding("utf8").on("data", (text: string) => {
        complaint = `${complaint}${text}`.slice(-2_000);
      });
      child.on("error", reject);
      child.on("close", (code, signal) => {
        if (code === 0) resolve();
        else
          reject(
            new Error(`the state folder could not be written (${signal ?? `exit code ${code}`}): ${complaint.trim()}`),
          );
      });
      // A child that ended early says why by its exit; the broken pipe adds nothing.
      child.stdin.on("error", () => undefined);
      child.stdin.end(JSON.stringify(request));
    });
}
