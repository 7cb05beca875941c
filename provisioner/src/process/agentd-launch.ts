import type { SlotSpec } from "../agents/agent-runtime.ts";
import type { SlotPaths } from "./slot-paths.ts";
import type { SlotUsers } from "./slot-users.ts";

/** What every slot of this machine has in common: the process runtime's "image". */
export interface AgentImage {
  /** Program and arguments that start agentd. */
  command: readonly string[];
  /** Folder whose node_modules holds openclaw. */
  gatewayDir: string;
  /** Starts this instead of OpenClaw (small test images). */
  gatewayCommand: readonly string[] | null;
  egressUrls: readonly string[];
  timeZone: string;
  logLevel: string;
}

/** agentd's whole environment: nothing of the provisioner's own leaks into it (S25). Pure. */
export function agentdEnvironment(
  image: AgentImage,
  spec: SlotSpec,
  paths: SlotPaths,
  users: SlotUsers | null,
): Record<string, string> {
  return {
    PATH: "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
    HOME: paths.agentd,
    LANG: "C.UTF-8",
    TZ: image.timeZone,
    AGENTD_SLOT_ID: spec.slotId,
    AGENTD_GENERATION: String(spec.keyGeneration),
    AGENTD_ROOT_KEY_FILE: paths.rootKey,
    AGENTD_HOST: spec.host,
    AGENTD_PORT: String(spec.port),
    AGENTD_EGRESS_URLS: image.egressUrls.join(","),
    AGENTD_GATEWAY_DIR: image.gatewayDir,
    AGENTD_STATE_DIR: paths.state,
    AGENTD_RUN_DIR: paths.agentd,
    AGENTD_LOG_LEVEL: image.logLevel,
    ...(users === null ? {} : { AGENTD_GATEWAY_UID: String(users.gateway) }),
    ...(image.gatewayCommand === null ? {} : { AGENTD_GATEWAY_COMMAND_JSON: JSON.stringify(image.gatewayCommand) }),
  };
}
