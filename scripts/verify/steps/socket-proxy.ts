import { spawn } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import type { LabCell } from "@automna/testkit/docker/lab-cell";
import { findFreePort } from "@automna/testkit/free-port";
import type { ScenarioContext } from "../harness/scenario.ts";

const MAIN = fileURLToPath(new URL("../../../socket-proxy/src/main.ts", import.meta.url));

/** The real socket proxy before the lab's manager, with the provisioner's rights. Answers its address. */
export async function startSocketProxy(
  ctx: ScenarioContext,
  cell: LabCell,
  images: readonly string[],
): Promise<string> {
  const port = await findFreePort();
  const child = spawn(process.execPath, [MAIN], {
    stdio: ["ignore", "ignore", "inherit", "ipc"],
    env: {
      PATH: process.env["PATH"],
      SOCKET_PROXY_PORT: String(port),
      SOCKET_PROXY_ENGINE_SOCKET: cell.manager.engine.socketPath,
      SOCKET_PROXY_PROFILE: "provisioner",
      SOCKET_PROXY_INSTALL_ID: cell.installId,
      SOCKET_PROXY_IMAGES: images.join(","),
      SOCKET_PROXY_PORT_RANGE: `${cell.ports.first}-${cell.ports.last}`,
      SOCKET_PROXY_NETWORK: cell.network,
      SOCKET_PROXY_LOG_LEVEL: "warn",
    },
  });
  ctx.onCleanup("stop the socket proxy", async () => {
    if (child.exitCode !== null || child.signalCode !== null) return;
    const ended = once(child, "exit");
    child.kill("SIGTERM");
    await ended;
  });
  const outcome = await Promise.race([once(child, "message"), once(child, "exit").then(() => "ended")]);
  ctx.must(outcome !== "ended", "the socket proxy runs");
  return `http://127.0.0.1:${port}`;
}
