import { describe, expect, test } from "vitest";
import type { SlotSpec } from "../agents/agent-runtime.ts";
import { toServiceSpec, type SwarmSettings } from "./slot-service.ts";

const rootKey = Buffer.from("a root key of thirty-two bytes!!");
const slot: SlotSpec = {
  slotId: "slt_00000000000000000001",
  keyGeneration: 3,
  rootKey,
  host: "10.0.0.7",
  port: 20_004,
  nodeId: "node7",
  image: "registry.example/automna/agent@sha256:1234",
  memoryMb: 2_560,
  cpus: 1.5,
  pids: 1_024,
  volumeMb: 10_240,
};
const settings: SwarmSettings = {
  installId: "inst-1",
  network: "automna-agents",
  egressUrls: ["http://10.0.0.2:4604", "http://10.0.0.3:4604"],
  dns: ["10.0.0.53"],
  logLevel: "info",
};
const labels = { "automna.install": "inst-1", "automna.slot": slot.slotId };

test("a slot is this service, to the letter", () => {
  expect(toServiceSpec(slot, settings, { run: 2, replicas: 1, secretId: "sec1" })).toEqual({
    Name: "automna-slt_00000000000000000001",
    Labels: labels,
    TaskTemplate: {
      ContainerSpec: {
        Image: slot.image,
        Labels: labels,
        Hostname: "agent",
        Env: [
          "AGENTD_SLOT_ID=slt_00000000000000000001",
          "AGENTD_GENERATION=3",
          "AGENTD_EGRESS_URLS=http://10.0.0.2:4604,http://10.0.0.3:4604",
          "AGENTD_LOG_LEVEL=info",
          "LANG=C.UTF-8",
          "TZ=UTC",
          "HOME=/tmp",
        ],
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
            Source: "automna-slt_00000000000000000001",
            Target: "/data",
            VolumeOptions: {
              NoCopy: true,
              Labels: labels,
              DriverConfig: {
                Name: "local",
                Options: { type: "ext4", device: "/dev/automna/slt_00000000000000000001" },
              },
            },
          },
          { Type: "tmpfs", Target: "/tmp", TmpfsOptions: { SizeBytes: 268_435_456, Mode: 0o1777 } },
        ],
        Secrets: [
          {
            SecretID: "sec1",
            SecretName: "automna-slt_00000000000000000001-root-key",
            File: { Name: "slot-root-key", UID: "10001", GID: "10001", Mode: 0o400 },
          },
        ],
        DNSConfig: { Nameservers: ["10.0.0.53"] },
      },
      Resources: { Limits: { MemoryBytes: 2_684_354_560, NanoCPUs: 1_500_000_000, Pids: 1_024 } },
      RestartPolicy: { Condition: "none" },
      Placement: { Constraints: ["node.id==node7"] },
      Networks: [{ Target: "automna-agents" }],
      ForceUpdate: 2,
    },
    Mode: { Replicated: { Replicas: 1 } },
    UpdateConfig: { Parallelism: 1, Order: "stop-first", FailureAction: "pause" },
    RollbackConfig: { Parallelism: 1, Order: "stop-first", FailureAction: "pause" },
    EndpointSpec: {
      Mode: "dnsrr",
      Ports: [{ Protocol: "tcp", TargetPort: 18_789, PublishedPort: 20_004, PublishMode: "host" }],
    },
  });
});

describe("a service", () => {
  test("that is stopped differs in its replicas alone", () => {
    const at = (replicas: 0 | 1) => toServiceSpec(slot, settings, { run: 2, replicas, secretId: "s" });
    expect({ ...at(0), Mode: null }).toEqual({ ...at(1), Mode: null });
    expect(at(0).Mode).toEqual({ Replicated: { Replicas: 0 } });
  });

  test("holds no secret in any encoding, no host path and no privilege", () => {
    const text = JSON.stringify(toServiceSpec(slot, settings, { run: 0, replicas: 1, secretId: "s" }));
    for (const encoding of ["base64", "base64url", "hex", "latin1"] as const)
      expect(text).not.toContain(rootKey.toString(encoding));
    expect(text).not.toMatch(/"bind"|Privileged|"host"(?!})|SYS_ADMIN|docker\.sock/);
  });

  test("without resolvers of its own takes its node's", () => {
    const { TaskTemplate: template } = toServiceSpec(
      slot,
      { ...settings, dns: [] },
      { run: 0, replicas: 0, secretId: "s" },
    );
    expect(template.ContainerSpec).not.toHaveProperty("DNSConfig");
  });
});
