/** A slot's service and secret as the provisioner asks for them, for tests that change one thing of it. */
export const INSTALL_ID = "install-1";
export const slotA = "slt_aaaaaaaaaaaaaaaaaaaa";
export const slotB = "slt_bbbbbbbbbbbbbbbbbbbb";

export type Json = Record<string, unknown>;

export function slotLabels(slotId: string, installId = INSTALL_ID): Record<string, string> {
  return { "automna.install": installId, "automna.slot": slotId };
}

export function secretBody(slotId: string, installId = INSTALL_ID): Json {
  return {
    Name: `automna-${slotId}-root-key`,
    Labels: slotLabels(slotId, installId),
    Data: Buffer.from("a root key").toString("base64"),
  };
}

export interface SlotPlace {
  nodeId: string;
  secretId: string;
  port?: number;
}

export function serviceBody(slotId: string, { nodeId, secretId, port = 21_000 }: SlotPlace): Json {
  const labels = slotLabels(slotId);
  return {
    Name: `automna-${slotId}`,
    Labels: labels,
    TaskTemplate: {
      ContainerSpec: {
        Image: "automna/agent:test",
        Labels: labels,
        Hostname: "agent",
        Env: [`AGENTD_SLOT_ID=${slotId}`, "LANG=C.UTF-8", "TZ=UTC", "HOME=/tmp"],
        Init: true,
        ReadOnly: true,
        CapabilityDrop: ["ALL"],
        CapabilityAdd: ["CAP_KILL", "CAP_SETGID", "CAP_SETUID"],
        Privileges: { NoNewPrivileges: true },
        StopGracePeriod: 30_000_000_000,
        HealthCheck: { Test: ["NONE"] },
        Mounts: [
          {
            Type: "volume",
            Source: `automna-${slotId}`,
            Target: "/data",
            VolumeOptions: {
              NoCopy: true,
              Labels: labels,
              DriverConfig: { Name: "local", Options: { type: "ext4", device: `/dev/automna/${slotId}` } },
            },
          },
          { Type: "tmpfs", Target: "/tmp", TmpfsOptions: { SizeBytes: 268_435_456, Mode: 0o1777 } },
        ],
        Secrets: [
          {
            SecretID: secretId,
            SecretName: `automna-${slotId}-root-key`,
            File: { Name: "slot-root-key", UID: "10001", GID: "10001", Mode: 0o400 },
          },
        ],
      },
      Resources: { Limits: { MemoryBytes: 2_684_354_560, NanoCPUs: 1_000_000_000, Pids: 256 } },
      RestartPolicy: { Condition: "none" },
      Placement: { Constraints: [`node.id==${nodeId}`] },
      Networks: [{ Target: "automna-agents" }],
      ForceUpdate: 0,
    },
    Mode: { Replicated: { Replicas: 0 } },
    UpdateConfig: { Parallelism: 1, Order: "stop-first", FailureAction: "pause" },
    RollbackConfig: { Parallelism: 1, Order: "stop-first", FailureAction: "pause" },
    EndpointSpec: {
      Mode: "dnsrr",
      Ports: [{ Protocol: "tcp", TargetPort: 18_789, PublishedPort: port, PublishMode: "host" }],
    },
  };
}

/** A copy with one thing changed, named by its path; `undefined` takes it out. */
export function changed(body: Json, path: string, value: unknown): Json {
  const copy = structuredClone(body);
  const keys = path.split(".");
  const last = keys.pop() ?? "";
  let at: Json = copy;
  for (const key of keys) at = at[key] as Json;
  if (value === undefined) delete at[last];
  else at[last] = value;
  return copy;
}
