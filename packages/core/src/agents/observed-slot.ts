/** What the gateway inside a slot is doing, as agentd tells it. */
export const gatewayStates = ["unclaimed", "starting", "ready", "failing", "stopped"] as const;
export type GatewayState = (typeof gatewayStates)[number];

/**
 * Why a slot's process ended, as far as the node can tell. `clean` = it was asked to; ending by itself never is.
 * `rejected` and `image_missing`: its node could not even start it.
 */
export const exitCauses = [
  "clean",
  "crashed",
  "killed",
  "out_of_memory",
  "rejected",
  "image_missing",
  "unknown",
] as const;
export type ExitCause = (typeof exitCauses)[number];

export type ObservedAgentd =
  /** The process runs but does not answer (yet). */
  | { kind: "silent" }
  | {
      kind: "answering";
      /** Null until somebody claimed the slot. */
      agentId: string | null;
      /** Fingerprint of the claim that agentd works with; null while unclaimed. */
      claimHash: string | null;
      gateway: GatewayState;
    };

/** What is really there. "Could not look" is not a value of this type: observers throw then (S3). */
export type ObservedSlot =
  | { kind: "absent" }
  /** `endedAtMs` is when that was seen; null = it never ran. */
  | { kind: "stopped"; lastExit: ExitCause; endedAtMs: number | null }
  /** It is to run and its node has not got to it yet: nothing of it runs. */
  | { kind: "pending"; sinceMs: number }
  | { kind: "running"; startedAtMs: number; agentd: ObservedAgentd }
  /** Frozen: it is all there and answers nobody. */
  | { kind: "dozing"; startedAtMs: number }
  /** Its node is cut off: it may run there or not, and nobody can tell. */
  | { kind: "lost" };
