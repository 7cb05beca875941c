import { spawn } from "node:child_process";
import { appendFile, mkdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { newAnthropicKey } from "@automna/testkit/fakes/anthropic";
import type { ScenarioContext } from "../harness/scenario.ts";
import { findSecrets, secretOf, type Secret } from "../key-scan/needles.ts";
import { searchDatabase } from "../key-scan/search-database.ts";
import { searchFiles } from "../key-scan/search-files.ts";
import type { EgressProcess, World } from "./world.ts";

/** Where a key of the platform's or a customer's must not be: rows, logs, answers, arguments and environments. */
export async function scanForKeys(
  ctx: ScenarioContext,
  world: World,
  { processes, transcripts }: { processes: readonly EgressProcess[]; transcripts: readonly string[] },
): Promise<void> {
  const used = (key: string) => world.fake.requests().some(({ headers }) => headers["x-api-key"] === key);
  ctx.hold(used(world.platformKey) && used(world.ownKey), "the provider got both keys");
  const canary = newAnthropicKey();
  const answers = join(await ctx.folder(), "answers");
  await mkdir(answers);
  await writeFile(join(answers, "all"), transcripts.join("\n"));
  await appendFile(join(world.logs, "planted.log"), `{"key":"${canary}"}\n`);
  await appendFile(join(answers, "planted"), Buffer.from(canary).toString("base64"));
  await world.owner.query("INSERT INTO audit_events (action, subject, data) VALUES ('planted', 'x', $1)", [{ canary }]);
  const planted = spawn(process.execPath, ["-e", "setTimeout(() => {}, 60_000)", canary], {
    env: { PLANTED: canary },
    stdio: "ignore",
  });
  ctx.onCleanup("end the planted process", () => planted.kill("SIGKILL"));

  const secrets = [
    secretOf("planted", canary),
    secretOf("the platform's key", world.platformKey),
    secretOf("a customer's key", world.ownKey),
  ];
  const pids = [...processes.map(({ child }) => child.pid), planted.pid].filter((pid) => pid !== undefined);
  const places: Record<string, { secret: string }[]> = {
    database: (await searchDatabase(world.database.url, secrets)).finds,
    logs: (await searchFiles(world.logs, secrets)).finds,
    "answers to agents": (await searchFiles(answers, secrets)).finds,
    "arguments and environments": (await Promise.all(pids.map((pid) => searchProcess(pid, secrets)))).flat(),
  };
  for (const [place, finds] of Object.entries(places)) {
    ctx.hold(
      finds.some(({ secret }) => secret === "planted"),
      `${place}: a planted key is found`,
    );
    const real = finds.filter(({ secret }) => secret !== "planted");
    ctx.hold(real.length === 0, `${place}: no key of anybody's is there`, real);
  }
}

async function searchProcess(pid: number, secrets: readonly Secret[]): Promise<{ secret: string }[]> {
  const parts = await Promise.all(["cmdline", "environ"].map((name) => readFile(`/proc/${pid}/${name}`)));
  return findSecrets(Buffer.concat(parts), secrets);
}
