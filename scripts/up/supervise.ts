import { join } from "node:path";
import { lastWords, openLogFile, type LogFile } from "./log-file.ts";
import { superviseService, type ServiceSpec, type SupervisedService } from "./supervise-service.ts";

export interface SupervisorOptions {
  logDir: string;
  /** One line for the person who watches. */
  report(line: string): void;
  /** A service got a new process. */
  onReady(name: string, pid: number): void;
}

export interface Supervisor {
  /** Starts a service; resolves when it is ready for the first time. */
  start(spec: ServiceSpec): Promise<void>;
  /** Stops services one after the other, in the given order; those that never started are passed over. */
  stop(names: readonly string[]): Promise<void>;
  /** Kills everything at once. */
  kill(): void;
}

/** Keeps services running: restart with back-off, one log file each, and an orderly end. */
export function makeSupervisor({ logDir, report, onReady }: SupervisorOptions): Supervisor {
  const services = new Map<string, SupervisedService>();

  return {
    async start(spec) {
      const log = openLogFile(join(logDir, `${spec.name}.log`));
      let starts = 0;
      const service = superviseService(spec, log, {
        ready(pid) {
          starts += 1;
          onReady(spec.name, pid);
          if (starts > 1) report(`${spec.name} is back (process ${pid})`);
        },
        stopped: (why, restartInMs) => reportEnd(spec.name, why, restartInMs, log, report),
      });
      services.set(spec.name, service);
      await service.firstReady;
    },
    async stop(names) {
      for (const name of names) await services.get(name)?.stop();
    },
    kill() {
      for (const service of services.values()) service.kill();
    },
  };
}

function reportEnd(name: string, why: string, restartInMs: number, log: LogFile, report: (line: string) => void): void {
  report(`${name} ended (${why}); starting it again in ${restartInMs / 1000} s`);
  const words = lastWords(log.tail());
  if (words !== undefined) report(`  its last words: ${words.slice(0, 300)} (more in ${log.path})`);
}
