// `npm run specs`: the vendors' own API descriptions, for checking our stand-ins against them. Needs the internet.
import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { inCheckout } from "./bootstrap/paths.mjs";

interface Source {
  /** Name in .specs, as packages/testkit looks for it. */
  file: string;
  url: string;
  /** The address of the description stands in this file, in such a line. */
  pointer?: RegExp;
}

const SDK = "https://raw.githubusercontent.com/anthropics/anthropic-sdk-typescript/main/.stats.yml";
const SOURCES: readonly Source[] = [
  // The vendor publishes the description only behind its SDK's record of it.
  { file: "anthropic.openapi.yml", url: SDK, pointer: /^openapi_spec_url:\s*(\S+)$/m },
  {
    file: "clerk-backend.openapi.yml",
    url: "https://raw.githubusercontent.com/clerk/openapi-specs/main/bapi/2026-05-12.yml",
  },
  {
    file: "docker-engine-1.41.swagger.yaml",
    url: "https://raw.githubusercontent.com/moby/moby/master/api/docs/v1.41.yaml",
  },
  { file: "hetzner-cloud.openapi.json", url: "https://docs.hetzner.cloud/cloud.spec.json" },
  { file: "stripe.openapi.json", url: "https://raw.githubusercontent.com/stripe/openapi/master/openapi/spec3.json" },
  {
    file: "stripe-fixtures3.json",
    url: "https://raw.githubusercontent.com/stripe/openapi/master/openapi/fixtures3.json",
  },
  {
    file: "discord.openapi.json",
    url: "https://raw.githubusercontent.com/discord/discord-api-spec/main/specs/openapi.json",
  },
];
const TIMEOUT_MS = 60_000;

const folder = inCheckout(".specs");
await mkdir(folder, { recursive: true });
const failures: string[] = [];
for (const source of SOURCES) {
  try {
    const text = await download(source);
    await writeFile(join(folder, source.file), text);
    console.log(`  ✓ ${source.file} (${Math.round(text.length / 1024)} kB)`);
  } catch (error) {
    failures.push(source.file);
    console.log(`  ✗ ${source.file}: ${reasonOf(error)}`);
  }
}
if (failures.length > 0) {
  console.error(
    `\n${failures.length} of ${SOURCES.length} descriptions could not be fetched. This command needs the internet; without them the stand-ins ` +
      `still work, and runs say "contract: not checked". SPECS_DIR may name a folder with copies from elsewhere.`,
  );
  process.exitCode = 1;
}

async function download({ url, pointer }: Source): Promise<string> {
  const text = await fetchText(url);
  if (pointer === undefined) return text;
  const target = pointer.exec(text)?.[1];
  if (target === undefined) throw new Error(`${url} no longer says where the description is`);
  return fetchText(target);
}

async function fetchText(url: string): Promise<string> {
  const answer = await fetch(url, { signal: AbortSignal.timeout(TIMEOUT_MS) });
  if (!answer.ok) throw new Error(`${url} answered ${answer.status}`);
  return answer.text();
}

/** `fetch failed` says nothing; its cause does. */
function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  return error.cause instanceof Error ? `${error.message} (${error.cause.message})` : error.message;
}
