import { existsSync, mkdirSync, realpathSync } from "node:fs";
import { chmod, copyFile, cp, mkdir, rename, rm, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { cacheDir } from "../cache-dir.mjs";
import { command } from "./command.ts";
import { findProgram } from "./find-docker.ts";

/**
 * Stand-ins for the images that production Dockerfiles begin with, under the very same tags: a machine without a
 * registry builds those Dockerfiles unmodified. Debian by debootstrap, Node by the binary that runs us.
 */
export const baseImages = {
  debian: "debian:bookworm-slim",
  node: "node:24-bookworm-slim",
} as const;

const CERTIFICATES = "/etc/ssl/certs/ca-certificates.crt";

/** Path of a tar with a minimal Debian, made once per machine. */
export async function debianRootTar(): Promise<string> {
  const tar = join(cacheDir(), "images", "debian-bookworm-minbase.tar");
  if (existsSync(tar)) return tar;
  mkdirSync(dirname(tar), { recursive: true });
  const root = `${tar}.root`;
  await rm(root, { recursive: true, force: true });
  await command([need("debootstrap"), "--variant=minbase", "bookworm", root]);
  await command(["tar", "--numeric-owner", "-C", root, "-cf", `${tar}.unfinished`, "."]);
  await rename(`${tar}.unfinished`, tar);
  await rm(root, { recursive: true, force: true });
  return tar;
}

/**
 * Fills a folder from which the Node image is built: the running Node, npm, and what this machine trusts and is told about
 * its package sources. That makes it a stand-in for closed machines; it must never be pushed anywhere.
 */
export async function fillNodeContext(folder: string): Promise<void> {
  const npm = need("npm");
  await mkdir(folder, { recursive: true });
  await copyFile(process.execPath, join(folder, "node"));
  await chmod(join(folder, "node"), 0o755);
  // <npm's folder>/bin/npm-cli.js
  await cp(dirname(dirname(realpathSync(npm))), join(folder, "npm"), { recursive: true, verbatimSymlinks: true });
  await copyFile(CERTIFICATES, join(folder, "ca-certificates.crt"));
  const registry = (await command([npm, "config", "get", "registry"], { cwd: "/" })).trim();
  await writeFile(join(folder, "npmrc"), `registry=${registry}\ncafile=${CERTIFICATES}\nupdate-notifier=false\n`);
  await writeFile(join(folder, "Dockerfile"), nodeDockerfile);
}

const nodeDockerfile = `FROM ${baseImages.debian}
COPY ca-certificates.crt ${CERTIFICATES}
ENV NODE_EXTRA_CA_CERTS=${CERTIFICATES} SSL_CERT_FILE=${CERTIFICATES}
COPY npmrc /usr/local/etc/npmrc
COPY node /usr/local/bin/node
COPY npm /usr/local/lib/node_modules/npm
RUN ln -s ../lib/node_modules/npm/bin/npm-cli.js /usr/local/bin/npm \\
 && ln -s ../lib/node_modules/npm/bin/npx-cli.js /usr/local/bin/npx \\
 && groupadd --gid 1000 node && useradd --uid 1000 --gid node --create-home node
CMD ["node"]
`;

function need(program: string): string {
  const path = findProgram(program);
  if (path === null) throw new Error(`${program} is missing`);
  return path;
}
