import { z } from "zod";
import type { SlotPolicy } from "./config.ts";
import { Refusal } from "./refusal.ts";
import {
  INSTALL_LABEL,
  secretNamePattern,
  serviceNamePattern,
  SLOT_LABEL,
  slotIdOf,
  slotIdPattern,
} from "./slot-names.ts";

/** Port of agentd in every agent image. */
const AGENTD_PORT = 18_789;
/** What agentd needs to start and stop the gateway under another user (agent/Dockerfile). */
const CAPABILITIES = ["SETUID", "SETGID", "KILL", "CAP_SETUID", "CAP_SETGID", "CAP_KILL"] as const;
/** Options of the slot's file system that take something away or are neutral. */
const MOUNT_OPTION = "(?:noatime|nodev|nosuid|discard|errors=remount-ro)";
const MB = 1024 * 1024;

const count = z.int().min(0);
const label = z.string().max(200);
const text = z.string().max(4_096);

const labels = z.strictObject({ [INSTALL_LABEL]: label, [SLOT_LABEL]: z.string().regex(slotIdPattern) });

const volumeMount = z.strictObject({
  Type: z.literal("volume"),
  Source: z.string().regex(serviceNamePattern),
  Target: z.literal("/data"),
  ReadOnly: z.literal(false).optional(),
  VolumeOptions: z.strictObject({
    NoCopy: z.boolean().optional(),
    Labels: labels.optional(),
    DriverConfig: z.strictObject({
      Name: z.literal("local"),
      Options: z.strictObject({
        type: z.literal("ext4"),
        device: z.string(),
        o: z
          .string()
          .regex(new RegExp(`^${MOUNT_OPTION}(?:,${MOUNT_OPTION})*$`))
          .optional(),
      }),
    }),
  }),
});

const memoryMount = z.strictObject({
  Type: z.literal("tmpfs"),
  Target: z.enum(["/tmp", "/run"]),
  TmpfsOptions: z.strictObject({ SizeBytes: count.min(1).max(4_096 * MB), Mode: count.optional() }),
});

const secretReference = z.strictObject({
  SecretID: z.string().regex(/^[a-z0-9]{10,40}$/),
  SecretName: z.string().regex(secretNamePattern),
  File: z.strictObject({
    Name: z.string().regex(/^[a-z][a-z0-9-]{0,60}$/),
    UID: z.string().regex(/^\d{1,6}$/),
    GID: z.string().regex(/^\d{1,6}$/),
    Mode: z.int().min(0).max(0o777),
  }),
});

const noHealthCheck = z.strictObject({ Test: z.tuple([z.literal("NONE")]) });

const containerSpec = z.strictObject({
  Image: z.string().max(300),
  Labels: labels.optional(),
  Hostname: z
    .string()
    .regex(/^[a-z0-9-]{1,63}$/)
    .optional(),
  Env: z
    .array(
      z
        .string()
        .regex(/^(?:AGENTD_[A-Z0-9_]{1,60}|HOME|LANG|TZ)=/)
        .max(4_096),
    )
    .max(64)
    .optional(),
  Init: z.literal(true),
  ReadOnly: z.literal(true),
  StopGracePeriod: count.optional(),
  StopSignal: z.literal("SIGTERM").optional(),
  CapabilityAdd: z.array(z.enum(CAPABILITIES)).max(CAPABILITIES.length).optional(),
  CapabilityDrop: z.array(z.string().max(40)).refine((list) => list.includes("ALL")),
  Privileges: z
    .strictObject({
      NoNewPrivileges: z.literal(true).optional(),
      CredentialSpec: z.null().optional(),
      SELinuxContext: z.null().optional(),
    })
    .optional(),
  // The description's spelling and the engine's own; either may only switch it off.
  HealthCheck: noHealthCheck.optional(),
  Healthcheck: noHealthCheck.optional(),
  DNSConfig: z
    .strictObject({
      Nameservers: z
        .array(z.union([z.ipv4(), z.ipv6()]))
        .max(8)
        .optional(),
    })
    .optional(),
  Isolation: z.literal("default").optional(),
  Mounts: z
    .array(z.discriminatedUnion("Type", [volumeMount, memoryMount]))
    .max(3)
    .refine((mounts) => mounts.filter(({ Type }) => Type === "volume").length === 1),
  Secrets: z.array(secretReference).max(4).optional(),
});

const resources = z.strictObject({
  MemoryBytes: count.min(32 * MB),
  NanoCPUs: count.min(1),
  Pids: count.min(1).max(65_536),
});

const updatePolicy = z.strictObject({
  Parallelism: count.optional(),
  Delay: count.optional(),
  FailureAction: z.enum(["pause", "continue"]).optional(),
  Monitor: count.optional(),
  MaxFailureRatio: z.number().min(0).max(1).optional(),
  // Two gateways never run on one volume (design D14).
  Order: z.literal("stop-first"),
});

/** A slot's service, field by field: what isn't named here is refused, also what a newer engine understands. */
const serviceSpec = z.strictObject({
  Name: z.string().regex(serviceNamePattern),
  Labels: labels,
  Mode: z.strictObject({ Replicated: z.strictObject({ Replicas: z.int().min(0).max(1) }) }),
  TaskTemplate: z.strictObject({
    ContainerSpec: containerSpec,
    Resources: z.strictObject({
      Limits: resources,
      Reservations: z.strictObject({}).optional(),
    }),
    RestartPolicy: z.strictObject({ Condition: z.literal("none"), MaxAttempts: count.optional() }),
    Placement: z.strictObject({
      Constraints: z.array(text).refine((list) => list.some((each) => /^node\.id==[a-z0-9]{10,40}$/.test(each))),
      MaxReplicas: count.optional(),
    }),
    Networks: z.tuple([z.strictObject({ Target: text })]),
    ForceUpdate: count.optional(),
    Runtime: z.literal("container").optional(),
  }),
  UpdateConfig: updatePolicy.optional(),
  RollbackConfig: updatePolicy.optional(),
  EndpointSpec: z.strictObject({
    Mode: z.literal("dnsrr"),
    Ports: z.tuple([
      z.strictObject({
        Name: z.literal("").optional(),
        Protocol: z.literal("tcp"),
        TargetPort: z.literal(AGENTD_PORT),
        PublishedPort: z.int(),
        PublishMode: z.literal("host"),
      }),
    ]),
  }),
});
export type SlotServiceSpec = z.infer<typeof serviceSpec>;

/**
 * The service of one of this installation's slots, from a request's body: as it is made, or as the engine showed it and
 * somebody changed it. Refuses what is anything else.
 */
export function parseSlotServiceSpec(body: unknown, policy: SlotPolicy, networkId: string): SlotServiceSpec {
  const parsed = serviceSpec.safeParse(body);
  if (!parsed.success) throw new Refusal(`not a slot's service: ${describe(parsed.error)}`);
  const spec = parsed.data;
  const { ContainerSpec: container, Networks: networks } = spec.TaskTemplate;
  const problem = findForeign(spec, slotIdOf(spec.Name), policy.installId);
  if (problem !== null) throw new Refusal(problem);
  if (!isOurImage(container.Image, policy.images)) throw new Refusal("an image that is not in the list");
  // The engine keeps the id of a network that it was given by name.
  if (networks[0].Target !== policy.network && networks[0].Target !== networkId)
    throw new Refusal("a network that is not the agents'");
  const { PublishedPort: port } = spec.EndpointSpec.Ports[0];
  if (port < policy.ports.first || port > policy.ports.last) throw new Refusal("a port outside the agents' range");
  return spec;
}

/** Name, labels, volume, device and secrets must all be one slot's, or one slot could be given another's data. */
function findForeign(spec: SlotServiceSpec, slotId: string, installId: string): string | null {
  const { ContainerSpec: container } = spec.TaskTemplate;
  for (const owner of [spec.Labels, ...(container.Labels === undefined ? [] : [container.Labels])])
    if (owner[INSTALL_LABEL] !== installId || owner[SLOT_LABEL] !== slotId) return "labels of something else";
  for (const mount of container.Mounts) {
    if (mount.Type !== "volume") continue;
    const { DriverConfig: driver, Labels: owner } = mount.VolumeOptions;
    if (mount.Source !== spec.Name || driver.Options.device !== `/dev/automna/${slotId}`)
      return "a volume of something else";
    if (owner !== undefined && (owner[INSTALL_LABEL] !== installId || owner[SLOT_LABEL] !== slotId))
      return "a volume with labels of something else";
  }
  const isOwn = ({ SecretName }: { SecretName: string }) => slotIdOf(SecretName) === slotId;
  return (container.Secrets ?? []).every(isOwn) ? null : "a secret of something else";
}

/** `repository:tag`, `repository@digest` or both, of a repository in the list. */
function isOurImage(image: string, repositories: readonly string[]): boolean {
  const [, repository = ""] = /^(.+?)(?::[\w][\w.-]{0,127})?(?:@sha256:[0-9a-f]{64})?$/.exec(image) ?? [];
  return repository !== image && repositories.includes(repository);
}

/** Where it is wrong, without what was there. */
function describe(error: z.ZodError): string {
  return error.issues
    .slice(0, 5)
    .map(({ path, code }) => `${path.map(String).join(".") || "(all of it)"} ${code}`)
    .join(", ");
}
