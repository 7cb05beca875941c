import { spawnSync } from "node:child_process";
import { once } from "node:events";
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { connect, createServer, type AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { cores, pairsMax, spawnPinned, stopChild } from "./processes.ts";

/** nginx and haproxy as an operator would set them up for this, with one worker and without a log. */
const configs: Record<NativeName, (ports: { own: number; backend: number }) => string> = {
  nginx: ({ own, backend }) => `
daemon off;
master_process off;
pid nginx.pid;
error_log stderr error;
events { worker_connections 24000; }
http {
  access_log off;
  client_body_temp_path body;
  proxy_temp_path proxy;
  fastcgi_temp_path fastcgi;
  uwsgi_temp_path uwsgi;
  scgi_temp_path scgi;
  map $http_upgrade $connection_upgrade { default upgrade; '' ''; }
  upstream agent { server 127.0.0.1:${backend}; keepalive 256; }
  server {
    listen 127.0.0.1:${own} backlog=4096;
    keepalive_requests 10000000;
    location / {
      proxy_pass http://agent;
      proxy_http_version 1.1;
      proxy_set_header Host $host;
      proxy_set_header X-Forwarded-For $remote_addr;
      proxy_set_header Upgrade $http_upgrade;
      proxy_set_header Connection $connection_upgrade;
      proxy_buffering off;
      proxy_read_timeout 600s;
    }
  }
}
`,
  haproxy: ({ own, backend }) => `
global
  nbthread 1
  maxconn ${pairsMax}
defaults
  mode http
  option http-keep-alive
  option forwardfor
  http-reuse always
  timeout connect 5s
  timeout client 600s
  timeout server 600s
  timeout tunnel 600s
frontend front
  bind 127.0.0.1:${own} backlog 4096
  default_backend agent
backend agent
  server one 127.0.0.1:${backend} maxconn ${pairsMax}
`,
};

export type NativeName = "nginx" | "haproxy";

export function isInstalled(name: NativeName): boolean {
  return spawnSync("which", [name]).status === 0;
}

/** A package server that does not answer is as good as none. */
const INSTALL_MS = 120_000;

/** Installs what is missing where that needs nobody's consent: as root on Debian. */
export function installNatives(names: readonly NativeName[], log: (line: string) => void): void {
  const missing = names.filter((name) => !isInstalled(name));
  if (missing.length === 0) return;
  const packages = missing.map((name) => (name === "nginx" ? "nginx-light" : name));
  if (process.getuid?.() === 0 && spawnSync("which", ["apt-get"]).status === 0) {
    log(`installing ${packages.join(", ")}`);
    // Their own services stay off: only what is measured runs.
    const env = { ...process.env, DEBIAN_FRONTEND: "noninteractive", RUNLEVEL: "1" };
    spawnSync("apt-get", ["install", "-y", "--no-install-recommends", ...packages], {
      env,
      stdio: "ignore",
      timeout: INSTALL_MS,
    });
  }
  for (const name of missing.filter((one) => !isInstalled(one)))
    log(`!! ${name} is NOT installed and NOT measured: install ${name} for the whole table`);
}

export async function startNative(name: NativeName, backend: number) {
  const folder = mkdtempSync(join(tmpdir(), `automna-bench-${name}-`));
  chmodSync(folder, 0o755);
  const own = await freePort();
  const file = join(folder, "config");
  writeFileSync(file, configs[name]({ own, backend }));
  const command = name === "nginx" ? ["nginx", "-p", folder, "-c", file] : ["haproxy", "-f", file, "-db"];
  const child = spawnPinned(cores.measured, command, ["ignore", "ignore", "inherit"]);
  await untilListening(own);
  return {
    pid: child.pid ?? 0,
    port: own,
    async stop() {
      await stopChild(child);
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

async function freePort(): Promise<number> {
  const server = createServer();
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, "close");
  return port;
}

async function untilListening(port: number): Promise<void> {
  for (let attempt = 0; attempt < 100; attempt += 1) {
    const socket = connect(port, "127.0.0.1");
    const isOpen = await new Promise<boolean>((resolve) => {
      socket.once("connect", () => resolve(true)).once("error", () => resolve(false));
    });
    socket.destroy();
    if (isOpen) return;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  throw new Error(`nobody listens on ${port}`);
}
