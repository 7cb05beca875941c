import { mkdirSync, symlinkSync, writeFileSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { AGENTD_APPS_PREFIX } from "@automna/contract/agentd";
import { INTERNAL_HEADER } from "@automna/contract/headers";
import { makeAgentdUnderTest } from "../../../agent/src/agentd-under-test.ts";
import { sendRaw } from "../../../proxy/test/raw-http.ts";
import type { ScenarioContext } from "../harness/scenario.ts";

const CANARY = "canary-of-the-volume";

/** Paths below an app by which files elsewhere in the volume, and hidden ones, might be read. */
const paths: readonly string[] = [
  "../../secret.txt",
  "../other/private.txt",
  "img/../../other/private.txt",
  "..%2fother/private.txt",
  "%2e%2e/other/private.txt",
  "%2e%2e%2f%2e%2e%2fsecret.txt",
  ".env",
  "%2eenv",
  ".git/config",
  "img/../.env",
  "file-link",
  "folder-link/secret.txt",
  "folder-link/apps/other/private.txt",
  "dot-link",
  "deep/up-link/secret.txt",
];

/**
 * The real agentd's own guard, behind the proxy's: whoever has the apps key asks it for files by every path. The control is a
 * file server that joins and reads.
 */
export async function attackFiles(ctx: ScenarioContext): Promise<number> {
  const agentd = makeAgentdUnderTest({ egressUrls: ["http://127.0.0.1:1"] });
  ctx.onCleanup("remove an agentd", () => agentd.remove());
  const apps = join(agentd.stateDir, "apps");
  fillVolume(agentd.stateDir, apps);
  await agentd.start();
  const careless = await startCarelessServer(apps);
  ctx.onCleanup("close the careless file server", () => careless.close());
  const [ours, control] = [Number(new URL(agentd.url).port), careless.port];
  const get = (port: number, path: string) =>
    sendRaw(
      port,
      `GET ${AGENTD_APPS_PREFIX}${path} HTTP/1.1\r\nhost: agentd\r\n${INTERNAL_HEADER}: ${agentd.keys.apps}\r\nconnection: close\r\n\r\n`,
      1_000,
    );
  for (const port of [ours, control])
    ctx.must((await get(port, "shop/index.html")).includes("roses"), "a published file is served");
  for (const path of paths) {
    await ctx.attack({
      name: `files of the volume: ${path} (control: a file server that joins and reads)`,
      unsafe: async () => (await get(control, `shop/${path}`)).includes(CANARY),
      safe: async () => (await get(ours, `shop/${path}`)).includes(CANARY),
    });
  }
  return paths.length;
}

function fillVolume(stateDir: string, apps: string): void {
  for (const folder of ["shop/img", "shop/.git", "shop/deep", "other"])
    mkdirSync(join(apps, folder), { recursive: true });
  writeFileSync(join(apps, "shop/index.html"), "roses");
  for (const file of ["shop/.env", "shop/.git/config", "other/private.txt"]) writeFileSync(join(apps, file), CANARY);
  writeFileSync(join(stateDir, "secret.txt"), CANARY);
  symlinkSync(join(stateDir, "secret.txt"), join(apps, "shop/file-link"));
  symlinkSync(stateDir, join(apps, "shop/folder-link"));
  symlinkSync(".env", join(apps, "shop/dot-link"));
  symlinkSync("../../..", join(apps, "shop/deep/up-link"));
}

async function startCarelessServer(apps: string): Promise<{ port: number; close: () => void }> {
  const server = createServer((request, response) => {
    const path = decodeURIComponent((request.url ?? "").slice(AGENTD_APPS_PREFIX.length));
    readFile(join(apps, path), "utf8").then(
      (text) => response.end(text),
      () => response.writeHead(404).end(),
    );
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return { port: (server.address() as AddressInfo).port, close: () => void server.close() };
}
