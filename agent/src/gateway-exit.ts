/** OpenClaw's own meaning of 78, EX_CONFIG (its docs, gateway/embedding). */
const CONFIGURATION_REFUSED = 78;

export interface GatewayExit {
  code: number | null;
  signal: NodeJS.Signals | null;
  /** Why agentd ended it, when it did. */
  cause?: string;
}

/** An end in plain words, for status and support. */
export function describeExit({ code, signal, cause }: GatewayExit): string {
  if (cause !== undefined) return cause;
  if (signal === "SIGKILL") return "killed by SIGKILL (by hand, or the machine was out of memory)";
  if (signal !== null) return `killed by ${signal}`;
  if (code === CONFIGURATION_REFUSED) return `refused its configuration (exit code ${CONFIGURATION_REFUSED})`;
  if (code === 0) return "exited by itself";
  return `exited with code ${code ?? "unknown"}`;
}
