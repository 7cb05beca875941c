import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { setTimeout as sleep } from "node:timers/promises";
import type { LogFile } from "./log-file.ts";
import { countFailures, restartDelayMs } from "./restart-policy.ts";

export interface ServiceSpec {
  name: string;
  /** Program and arguments; the program is a Node script that sends {type:"ready"} and stops on SIGTERM or disconnect. */
  command: readonly [string, ...string[]];
  env: Readonly<Record<string, string>>;
  /** How long a clean stop may take before the process group is killed, ms. */
  stopTimeoutMs: number;
}

export interface ReadyMessage {
  type: "ready";
  /** Of the process that does the work, when that is not the one we started. */
  pid?: number;
}

export interface ServiceEvents {
  /** After every start that got ready; pid is the one to watch. */
  ready(pid: number): void;
  stopped(why: string, restartInMs: number): void;
}

export interface SupervisedService {
  name: string;
  /** Resolves when the service is ready for the first time; rejects when it fails to start several times in a row. */
  firstReady: Promise<void>;
  /** Stops the service for good. Resolves when nothing of it runs any more. */
  stop(): Promise<void>;
  /** Kills the service and whatever it started in its process group, now and for good. */
  kill(): void;
}

const READY_TIMEOUT_MS = 90_000;
const LAST_OUTPUT_MS = 1_000;
/** Before it was ever ready a service that keeps failing is broken, not unlucky. */
const FIRST_START_ATTEMPTS = 3;

/** Starts a service and starts it again whenever it ends, until it is told to stop. */
export function superviseService(spec: ServiceSpec, log: LogFile, events: ServiceEvents): SupervisedService {
  const stopping = new AbortController();
  const first = Promise.withResolvers<void>();
  // The caller may look at it later.
  first.promise.catch(() => {});
  let child: ChildProcess | undefined;

  const ended = (async () => {
    let failures = 0;
    let wasReady = false;
    while (!stopping.signal.aborted) {
      child = launch(spec, log);
      const readyForMs = await runOnce(child, (pid) => {
        wasReady = true;
        events.ready(pid);
        first.resolve();
      });
      if (stopping.signal.aborted) break;
      failures = countFailures(failures, readyForMs);
      if (!wasReady && failures >= FIRST_START_ATTEMPTS) {
        first.reject(
          new Error(
            `${spec.name} does not start:\n${log
              .tail()
              .map((line) => `    ${line}`)
              .join("\n")}`,
          ),
        );
        break;
      }
      const delayMs = restartDelayMs(failures);
      events.stopped(describeEnd(child), delayMs);
      await sleep(delayMs, undefined, { signal: stopping.signal }).catch(() => {});
    }
    first.reject(new Error(`${spec.name} was stopped before it was ready`));
    log.close();
  })();

  return {
    name: spec.name,
    firstReady: first.promise,
    async stop() {
      stopping.abort();
      child?.kill("SIGTERM");
      const isClean = await Promise.race([ended.then(() => true), sleep(spec.stopTimeoutMs, false, { ref: false })]);
      if (!isClean) killGroup(child);
      await ended;
    },
    kill() {
      stopping.abort();
      killGroup(child);
    },
  };
}

function launch({ command: [program, ...args], env }: ServiceSpec, log: LogFile): ChildProcess {
  const child = spawn(program, args, {
    env: { ...env },
    // A process group of its own: Ctrl-C in the terminal reaches us alone, and we stop the services in order.
    detached: true,
    stdio: ["ignore", "pipe", "pipe", "ipc"],
  });
  child.stdout?.on("data", log.write);
  child.stderr?.on("data", log.write);
  child.on("error", (error) => log.write(Buffer.from(`${error.message}\n`)));
  return child;
}

/** Resolves at the end of the process with the time it was ready, ms, or null when it never was. */
async function runOnce(child: ChildProcess, onReady: (pid: number) => void): Promise<number | null> {
  if (child.pid === undefined) return null;
  let readySince: number | undefined;
  const tooLate = setTimeout(() => killGroup(child), READY_TIMEOUT_MS);
  child.on("message", (message) => {
    if (!isReadyMessage(message) || readySince !== undefined) return;
    clearTimeout(tooLate);
    readySince = performance.now();
    onReady(message.pid ?? child.pid ?? 0);
  });
  const closed = once(child, "close");
  await once(child, "exit");
  clearTimeout(tooLate);
  // Whatever it started and left behind would hold its port.
  killGroup(child);
  // Its last output; a process that left the group may hold the pipe open for longer than anybody wants to wait.
  await Promise.race([closed, sleep(LAST_OUTPUT_MS, undefined, { ref: false })]);
  child.stdout?.destroy();
  child.stderr?.destroy();
  return readySince === undefined ? null : performance.now() - readySince;
}

function isReadyMessage(message: unknown): message is ReadyMessage {
  return typeof message === "object" && message !== null && "type" in message && message.type === "ready";
}

function killGroup(child: ChildProcess | undefined): void {
  if (child?.pid === undefined) return;
  try {
    process.kill(-child.pid, "SIGKILL");
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "ESRCH") throw error;
  }
}

function describeEnd(child: ChildProcess): string {
  return child.signalCode === null ? `exit code ${child.exitCode}` : child.signalCode;
}
