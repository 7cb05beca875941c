import { hash } from "node:crypto";
import { createReadStream, existsSync, mkdirSync, readdirSync } from "node:fs";
import { mkdtemp, rename, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type Docker from "dockerode";
import { cacheDir } from "../cache-dir.mjs";
import { baseImages, debianRootTar, fillNodeContext } from "./base-images.ts";
import { command } from "./command.ts";
import { startEngine, type Engine } from "./engine.ts";
import { findProgram } from "./find-docker.ts";
import { LABS_FOLDER, removeAbandoned } from "./sweep-labs.ts";

export interface ImageBuild {
  /** Name and tag of the image. */
  tag: string;
  /** Folder that is sent to the engine; its .dockerignore counts. */
  context: string;
  /** Default: Dockerfile in the context. */
  dockerfile?: string;
  target?: string;
}

/** An engine that only builds. Its layers stay in the machine's cache, so that the second run builds nothing. */
export interface ImageBuilder {
  /** Builds unless nothing changed. Answers the image's id. */
  build: (build: ImageBuild) => Promise<string>;
  /** One tar of the images for `loadImage` of other engines, kept until one of them changes. */
  save: (tags: readonly string[]) => Promise<string>;
  /** For Docker's own client; builds need `--network=host` there. */
  socketPath: string;
  remove: () => Promise<void>;
}

/** It has this machine's network, for package sources, and runs no service. */
const BUILDER_ARGS = [
  "--bridge=none",
  "--iptables=false",
  "--ip6tables=false",
  "--ip-forward=false",
  "--ip-masq=false",
];

/** One at a time per machine: callers hold a lock. */
export async function startImageBuilder(): Promise<ImageBuilder> {
  const imagesDir = join(cacheDir(), "images");
  mkdirSync(imagesDir, { recursive: true });
  const folder = join(LABS_FOLDER, "builder");
  // Callers hold the lock: what is there is of one that was killed.
  await removeAbandoned(folder);
  const engine = await startEngine({
    name: "builder",
    folder,
    dataRoot: join(cacheDir(), "image-builder"),
    namespace: null,
    args: BUILDER_ARGS,
  });
  try {
    await ensureBaseImages(engine);
  } catch (error) {
    await engine.remove();
    throw error;
  }

  return {
    async build({ tag, context, dockerfile, target }) {
      const options = [
        ...(dockerfile === undefined ? [] : [`--file=${dockerfile}`]),
        ...(target === undefined ? [] : [`--target=${target}`]),
      ];
      await docker(engine, "build", "--network=host", `--tag=${tag}`, ...options, context);
      return (await engine.docker.getImage(tag).inspect()).Id;
    },
    async save(tags) {
      const ids = await Promise.all(tags.map(async (tag) => (await engine.docker.getImage(tag).inspect()).Id));
      const name = tags.length === 1 ? (tags[0] ?? "").replaceAll(/[^a-z0-9.-]/g, "_") : `${tags.length}-images`;
      const content = hash("sha256", JSON.stringify([tags, ids])).slice(0, 12);
      const tar = join(imagesDir, `${name}-${content}.tar`);
      if (existsSync(tar)) return tar;
      await removeOlder(imagesDir, name);
      await docker(engine, "save", `--output=${tar}.unfinished`, ...tags);
      await rename(`${tar}.unfinished`, tar);
      return tar;
    },
    socketPath: engine.socketPath,
    remove: engine.remove,
  };
}

/** Tars are as large as their images, and only the newest is asked for. */
async function removeOlder(folder: string, name: string): Promise<void> {
  const older = readdirSync(folder).filter(
    (file) => file.startsWith(`${name}-`) && /^[0-9a-f]{12}\.tar/.test(file.slice(name.length + 1)),
  );
  for (const file of older) await rm(join(folder, file), { force: true });
}

/** Gives an engine the images of a tar. */
export async function loadImage(docker: Docker, tar: string): Promise<void> {
  const answer = await docker.loadImage(createReadStream(tar), { quiet: true });
  for await (const _ of answer) {
    // The engine has loaded it when its answer ends.
  }
}

async function ensureBaseImages(engine: Engine): Promise<void> {
  if (!(await hasImage(engine, baseImages.debian))) {
    await docker(engine, "import", await debianRootTar(), baseImages.debian);
  }
  if (await hasImage(engine, baseImages.node)) return;
  const context = await mkdtemp(join(tmpdir(), "automna-node-image-"));
  try {
    await fillNodeContext(context);
    await docker(engine, "build", `--tag=${baseImages.node}`, context);
  } finally {
    await rm(context, { recursive: true, force: true });
  }
}

async function hasImage(engine: Engine, tag: string): Promise<boolean> {
  try {
    await engine.docker.getImage(tag).inspect();
    return true;
  } catch (error) {
    if ((error as { statusCode?: number }).statusCode === 404) return false;
    throw error;
  }
}

/** The client reads .dockerignore and streams the context, which the engine's own interface leaves to its callers. */
function docker(engine: Engine, ...args: string[]): Promise<string> {
  const client = findProgram("docker") ?? "docker";
  return command([client, `--host=unix://${engine.socketPath}`, ...args], {
    env: { ...process.env, DOCKER_BUILDKIT: "0" },
  });
}
