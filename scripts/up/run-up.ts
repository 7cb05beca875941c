import { createInterface } from "node:readline/promises";
import { stopLeftoverPostgres } from "@automna/testkit/postgres-pid-file";
import { tryLock, unlock } from "../bootstrap/lock-file.mjs";
import { dataDirAt, openDataDir, prepareDataDir, resetDataDir } from "./data-dir.ts";
import { makeInstallation, type InstallationParts, type RunningInstallation } from "./installation.ts";
import { lockFile, makeStartLink, readInstance, removeInstance } from "./instance.ts";
import { killLeftoverAgents } from "./leftover-agents.ts";
import type { UpOptions } from "./options.ts";
import { assertPortFree } from "./ports.ts";
import { readSettings } from "./settings.ts";
import { ensureSecrets, readSecret } from "./secrets.ts";
import { chooseAgentPortBase } from "./service-env.ts";

/** A person who presses Ctrl-C sends one signal through the terminal and one through npm; this close they are one wish. */
const SAME_WISH_MS = 500;

/** The whole life of `npm run up`. Resolves with the exit code. */
export async function runUp(options: UpOptions, parts: InstallationParts): Promise<number> {
  const { dataDir, port, operators, settingsFile } = options;
  const settings = settingsFile === null ? {} : readSettings(settingsFile);
  openDataDir(dataDir);
  const owner = tryLock(lockFile(dataDir));
  if (owner) return describeOther(dataDir, owner.pid);
  try {
    if (options.isReset && !(await reset(options))) return 1;
    await assertPortFree(port);
    const { dir, marker } = prepareDataDir(dataDir, chooseAgentPortBase);
    removeInstance(dataDir);
    const installation = makeInstallation({
      dir,
      marker,
      port,
      operators,
      settings,
      env: process.env,
      parts,
      report: printLine,
    });
    return await runUntilSignal(installation);
  } finally {
    unlock(lockFile(dataDir));
  }
}

async function runUntilSignal(installation: RunningInstallation): Promise<number> {
  const signal = listenForSignals(() => installation.kill());
  const started = installation.start().then(
    ({ url, startLink }) => printReady(url, startLink),
    (error: unknown) => error,
  );
  // A start that was interrupted fails in its own way, which is of no interest.
  const failure = await Promise.race([started.then((error) => error ?? signal), signal]);
  console.log("\nStopping…");
  await installation.stop();
  if (failure instanceof Error) throw failure;
  console.log("Stopped. Your data is kept; `npm run up` goes on from here.");
  return 0;
}

/** Resolves at the first wish to stop; the second calls `onImpatience` and exits. */
function listenForSignals(onImpatience: () => void): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  let firstAt: number | undefined;
  const onSignal = () => {
    firstAt ??= performance.now();
    resolve();
    if (performance.now() - firstAt < SAME_WISH_MS) return;
    onImpatience();
    console.log("Killed.");
    process.exit(130);
  };
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) process.on(signal, onSignal);
  // The bootstrap that started us was killed.
  process.on("disconnect", resolve);
  return promise;
}

function describeOther(dataDir: string, pid: number): number {
  const instance = readInstance(dataDir);
  if (instance?.pid !== pid) {
    console.log(`Automna is just starting or stopping on ${dataDir} (process ${pid}). Try again in a moment.`);
    return 0;
  }
  const { startKey } = ensureSecrets(dataDirAt(dataDir).secrets);
  console.log(`Automna already runs on ${dataDir} (process ${pid}).`);
  printReady(instance.url, makeStartLink(instance.url, readSecret(startKey), Date.now()));
  return 0;
}

async function reset({ dataDir, isConfirmed }: UpOptions): Promise<boolean> {
  if (!isConfirmed && !(await confirm(`Delete all agents, chats and settings in ${dataDir}?`))) {
    console.log("Nothing was deleted.");
    return false;
  }
  const { postgres, slots } = dataDirAt(dataDir);
  await stopLeftoverPostgres(postgres);
  killLeftoverAgents(slots);
  resetDataDir(dataDir);
  return true;
}

async function confirm(question: string): Promise<boolean> {
  if (!process.stdin.isTTY)
    throw new Error("--reset asks before it deletes, and there is no terminal to ask on. Add --yes.");
  const terminal = createInterface({ input: process.stdin, output: process.stdout });
  try {
    const answer = await terminal.question(`${question} [y/N] `);
    return /^y(es)?$/i.test(answer.trim());
  } finally {
    terminal.close();
  }
}

function printReady(url: string, startLink: string): void {
  console.log(
    `\n  Automna runs at ${url}\n\n  Open this link to sign in (it works once, for an hour):\n  ${startLink}\n`,
  );
  console.log("  Ctrl-C stops it.\n");
}

function printLine(line: string): void {
  console.log(`  ${line}`);
}
