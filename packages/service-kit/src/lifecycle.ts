import type { Logger } from "./log.ts";

export type StopReason = "SIGTERM" | "SIGINT" | "parent_gone" | "fatal";

export interface LifecycleOptions {
  log: Logger;
  /** Closes what main opened, in order; gets a signal that aborts at the deadline. */
  stop: (reason: StopReason) => Promise<void>;
  /** After this long the process exits with 1 whatever is still open, ms. */
  stopDeadlineMs: number;
  /**
   * An error that nobody caught and that the service gets over all the same. The one case: node-postgres reports the loss
   * of a connection that lies between two queries of its borrower as an event that libraries leave unheard; the
   * next query on it fails and is handled.
   */
  isSurvivable?: (error: unknown) => boolean;
}

/**
 * Makes a service stop once and bounded: on SIGTERM, on SIGINT, on a fatal error, and when the supervisor that
 * started it over an IPC channel is gone (an orphan would keep ports and locks).
 */
export function runUntilStopped({ log, stop, stopDeadlineMs, isSurvivable = () => false }: LifecycleOptions): void {
  let isStopping = false;
  const stopOnce = (reason: StopReason, exitCode: number) => {
    if (isStopping) return;
    isStopping = true;
    log.info({ reason }, "stopping");
    const deadline = setTimeout(() => {
      log.error({ stopDeadlineMs }, "stop took too long, exiting");
      process.exit(1);
    }, stopDeadlineMs);
    deadline.unref();
    stop(reason).then(
      () => process.exit(exitCode),
      (error: unknown) => {
        log.error({ err: error }, "stop failed");
        process.exit(1);
      },
    );
  };
  process.on("SIGTERM", () => stopOnce("SIGTERM", 0));
  process.on("SIGINT", () => stopOnce("SIGINT", 0));
  if (process.channel) process.on("disconnect", () => stopOnce("parent_gone", 0));
  process.on("uncaughtException", (error) => {
    if (isSurvivable(error)) {
      log.warn({ err: error }, "a connection was lost between two queries");
      return;
    }
    log.fatal({ err: error }, "uncaught error");
    stopOnce("fatal", 1);
  });
  process.on("unhandledRejection", (error) => {
    log.fatal({ err: error }, "unhandled rejection");
    stopOnce("fatal", 1);
  });
}

/** Tells a supervisor, if there is one, that the service listens. */
export function reportReady(): void {
  process.send?.({ type: "ready" });
}
