import { slotDevice, slotLabels, slotResourceName } from "@automna/contract/nodekeeper";
import type { SlotSpec } from "../agents/agent-runtime.ts";
import { pinTo } from "./engine-shapes.ts";

/** What every slot of a cell has in common. */
export interface SwarmSettings {
  /** Marks what is ours (S17). */
  installId: string;
  /** Swarm-scoped bridge of the agents (design D5). */
  network: string;
  egressUrls: readonly string[];
  /** Resolvers that agents may ask; empty = the node's own. */
  dns: readonly string[];
  logLevel: string;
}

/** How often a slot was started, and whether it runs now. */
export interface SlotRun {
  run: number;
  replicas: 0 | 1;
  secretId: string;
}

/** Where agentd listens in every container: agent/Dockerfile. */
const AGENTD_PORT = 18_789;
/** agentd's user in the image: the only one that may read the slot's root key (design D6). */
const AGENTD_UID = "10001";
export const STOP_GRACE_MS = 30_000;
const NANOSECONDS = 1_000_000;
const MEGABYTE = 1_048_576;
/** /tmp lies in memory and counts against the slot's limit. */
const TMP_MB = 256;

/** What marks a slot's things as ours, on services, containers, secrets and volumes alike. */
export function ownershipLabels(installId: string, slotId: string): Record<string, string> {
  return { [slotLabels.installation]: installId, [slotLabels.slot]: slotId };
}

/** Name of the secret with the slot's root key. */
export function rootKeyName(slotId: string): string {
  return `${slotResourceName(slotId)}-root-key`;
}

/**
 * The whole of a slot as a Swarm service. Pure: the same slot, settings and run are the same service, to the letter.
 * One that is stopped has no replicas and stays with its volume.
 */
export function toServiceSpec(slot: SlotSpec, settings: SwarmSettings, { run, replicas, secretId }: SlotRun) {
  const labels = ownershipLabels(settings.installId, slot.slotId);
  return {
    Name: slotResourceName(slot.slotId),
    Labels: labels,
    TaskTemplate: {
      ContainerSpec: {
        Image: slot.image,
        Labels: labels,
        // The same in every slot: a container learns nothing of where it is from its name.
        Hostname: "agent",
        Env: environmentOf(slot, settings),
        Init: true,
        ReadOnly: true,
        CapabilityDrop: ["ALL"],
        // Just what agentd needs to start its child as another user, and to stop it.
        CapabilityAdd: ["CAP_KILL", "CAP_SETGID", "CAP_SETUID"],
        // Engines before 23 don't know it here; infra/daemon.json says the same for every container.
        Privileges: { NoNewPrivileges: true },
        StopGracePeriod: STOP_GRACE_MS * NANOSECONDS,
        // The provisioner asks agentd itself: a probe inside would keep a slow boot out of sight (notes: peers 9).
        HealthCheck: { Test: ["NONE"] },
        Mounts: [volumeMount(slot, labels), tmpMount],
        Secrets: [
          {
            SecretID: secretId,
            SecretName: rootKeyName(slot.slotId),
            File: { Name: "slot-root-key", UID: AGENTD_UID, GID: AGENTD_UID, Mode: 0o400 },
          },
        ],
        ...(settings.dns.length === 0 ? {} : { DNSConfig: { Nameservers: [...settings.dns] } }),
      },
      // No reservations: placement counts measured working sets itself (core/placements/choose-node).
      Resources: {
        Limits: {
          MemoryBytes: slot.memoryMb * MEGABYTE,
          NanoCPUs: Math.round(slot.cpus * 1e9),
          Pids: slot.pids,
        },
      },
      // The planner decides about another try: Swarm's own restarts would hide crashes and never give up.
      RestartPolicy: { Condition: "none" },
      Placement: { Constraints: [pinTo(slot.nodeId)] },
      Networks: [{ Target: settings.network }],
      ForceUpdate: run,
    },
    Mode: { Replicated: { Replicas: replicas } },
    // Two gateways never run on one volume (design D14).
    UpdateConfig: { Parallelism: 1, Order: "stop-first", FailureAction: "pause" },
    RollbackConfig: { Parallelism: 1, Order: "stop-first", FailureAction: "pause" },
    EndpointSpec: {
      Mode: "dnsrr",
      Ports: [{ Protocol: "tcp", TargetPort: AGENTD_PORT, PublishedPort: slot.port, PublishMode: "host" }],
    },
  };
}

interface ServiceMount {
  Type: "volume";
  Source: string;
  Target: string;
  VolumeOptions: {
    NoCopy: boolean;
    Labels: Record<string, string>;
    DriverConfig: { Name: string; Options: Record<string, string> };
  };
}

/** Nothing secret: every engine shows its containers' environment to whoever may inspect them (S25). */
function environmentOf({ slotId, keyGeneration }: SlotSpec, { egressUrls, logLevel }: SwarmSettings): string[] {
  return [
    `AGENTD_SLOT_ID=${slotId}`,
    `AGENTD_GENERATION=${keyGeneration}`,
    `AGENTD_EGRESS_URLS=${egressUrls.join(",")}`,
    `AGENTD_LOG_LEVEL=${logLevel}`,
    "LANG=C.UTF-8",
    "TZ=UTC",
    "HOME=/tmp",
  ];
}

/** Mounted only where nodekeeper has attached the slot's own file system: elsewhere the device does not exist. */
function volumeMount({ slotId }: SlotSpec, labels: Record<string, string>): ServiceMount {
  return {
    Type: "volume",
    Source: slotResourceName(slotId),
    Target: "/data",
    VolumeOptions: {
      // The image's own /data must never be copied over what the slot has.
      NoCopy: true,
      Labels: labels,
      DriverConfig: { Name: "local", Options: { type: "ext4", device: slotDevice(slotId) } },
    },
  };
}

const tmpMount = {
  Type: "tmpfs",
  Target: "/tmp",
  TmpfsOptions: { SizeBytes: TMP_MB * MEGABYTE, Mode: 0o1777 },
} as const;
