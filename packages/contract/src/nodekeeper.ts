import { z } from "zod";

/**
 * What nodekeeper does for the provisioner, and nothing else (design D17). A slot's id stands in the path, the fencing
 * number of the caller's lease in a header of every call that changes something.
 */
export const FENCING_HEADER = "automna-fencing";

/** What a slot's containers carry, whoever starts them; nodekeeper looks at no others. */
export const slotLabels = { installation: "automna.install", slot: "automna.slot" } as const;

/** Names in certificates: the one caller that nodekeeper hears, and a node's own, which its callers expect. */
export const PROVISIONER_CERTIFICATE_NAME = "provisioner.automna";
export function nodeCertificateName(node: string): string {
  return `${node}.nodekeeper.automna`;
}

export const slotIdSchema = z.string().regex(/^slt_[0-9a-z]{20}$/);
/** Of a node's certificate: a label of a host name, because it becomes one. */
export const nodeNameSchema = z.string().regex(/^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$/);
/** Snapshots and copies are files: no dot in front, no separator anywhere. */
export const snapshotNameSchema = z.string().regex(/^[a-z0-9][a-z0-9_-]{0,63}$/);
/** Postgres counts fencing numbers as bigint. */
export const fencingSchema = z
  .string()
  .regex(/^\d{1,18}$/)
  .transform(BigInt);

/** ext4 with its journal and our layout; smaller ones leave no room for an agent. */
export const VOLUME_MIN_MB = 16;
export const VOLUME_MAX_MB = 1_048_576;
const volumeMbSchema = z.int().min(VOLUME_MIN_MB).max(VOLUME_MAX_MB);

/** The file that says whose volume it is, in the root of each slot's file system. */
export const VOLUME_MARKER = ".automna-slot";
/** Stable name of a slot's block device on its node, also after a boot. */
export function slotDevice(slotId: string, folder = "/dev/automna"): string {
  return `${folder}/${slotId}`;
}
/** Name of the slot's volume, service and secret in the engine. */
export function slotResourceName(slotId: string): string {
  return `automna-${slotId}`;
}

export const slotVolumeSchema = z.object({
  sizeMb: z.int(),
  /** What the file system says is in use; of a running slot it may be some seconds old. */
  usedMb: z.int(),
  /** What the file takes on the node's disk, snapshots not counted. */
  storedMb: z.int(),
  /** Null: the volume is not attached, so nothing can start on it. */
  device: z.string().nullable(),
  /** True while a container has it mounted, or may have. */
  isInUse: z.boolean(),
  /** When the file was last written to. */
  changedAtMs: z.int(),
  /** The copy that it was received as; null for a volume that was made here. */
  receivedAs: z.string().nullable(),
});
export type SlotVolume = z.infer<typeof slotVolumeSchema>;

/** What the node's engine and kernel say of a slot's container. */
export const slotContainerSchema = z.discriminatedUnion("kind", [
  z.object({
    kind: z.literal("running"),
    startedAtMs: z.int(),
    isDozing: z.boolean(),
    /** In RAM now, and in swap; null where the kernel does not tell. */
    memoryMb: z.number().nullable(),
    swapMb: z.number().nullable(),
    /** Since it started. */
    cpuMs: z.number().nullable(),
  }),
  z.object({
    kind: z.literal("ended"),
    exitCode: z.int(),
    wasOomKilled: z.boolean(),
    startedAtMs: z.int().nullable(),
    endedAtMs: z.int().nullable(),
    /** The engine's own words when it could not even start; empty otherwise. */
    startError: z.string(),
  }),
]);
export type SlotContainer = z.infer<typeof slotContainerSchema>;

/** Null: the node has no such thing. */
export const nodeSlotSchema = z.object({
  slotId: slotIdSchema,
  volume: slotVolumeSchema.nullable(),
  container: slotContainerSchema.nullable(),
});
export type NodeSlot = z.infer<typeof nodeSlotSchema>;

export const snapshotSchema = z.object({
  name: snapshotNameSchema,
  sizeMb: z.int(),
  storedMb: z.int(),
  takenAtMs: z.int(),
});
export type Snapshot = z.infer<typeof snapshotSchema>;

/** `kept`: as it should be. `closed`: it can't be, and nothing passes to or from agents. */
export const guardStateSchema = z.object({
  state: z.enum(["kept", "closed"]),
  /** When it was last seen to be as it should. */
  checkedAtMs: z.int().nullable(),
  /** How often somebody else had changed it. */
  repairs: z.int(),
  problem: z.string().nullable(),
});
export type GuardState = z.infer<typeof guardStateSchema>;

export const nodekeeperHealthSchema = z.object({
  isHealthy: z.boolean(),
  version: z.string(),
  node: nodeNameSchema,
  guard: guardStateSchema,
  disk: z.object({ sizeMb: z.int(), freeMb: z.int() }),
  /** Room for what dozes; 0: dozing costs no processor time, but all its memory. */
  swap: z.object({ sizeMb: z.int(), freeMb: z.int() }),
  /** Volumes that could not be attached at start-up. */
  unattached: z.array(slotIdSchema),
});
export type NodekeeperHealth = z.infer<typeof nodekeeperHealthSchema>;

/** End of a copy: what was counted and what it amounts to, the same at both ends. */
export const copyResultSchema = z.object({ digest: z.string(), bytes: z.int() });
export type CopyResult = z.infer<typeof copyResultSchema>;

const nothing = z.strictObject({});
const done = z.object({ ok: z.literal(true) });

interface RouteShape {
  method: "GET" | "PUT" | "POST" | "DELETE";
  path: string;
  /** Whether it changes something, and so takes a fencing number. */
  isChanging: boolean;
  body: z.ZodType;
  query: z.ZodType;
  answer: z.ZodType;
  /** Bytes of a volume instead of JSON, there or back. */
  stream?: "request" | "answer";
}

const reading = { isChanging: false, body: nothing, query: nothing } as const;
const changing = { isChanging: true, body: nothing, query: nothing, answer: done } as const;

/** The closed list. `:slotId` and `:snapshot` stand for one segment each. */
export const nodekeeperRoutes = {
  health: { ...reading, method: "GET", path: "/v1/health", answer: nodekeeperHealthSchema },
  /** Everything of slots on this node, in one question to its engine. */
  listSlots: { ...reading, method: "GET", path: "/v1/slots", answer: z.array(nodeSlotSchema) },
  slot: { ...reading, method: "GET", path: "/v1/slots/:slotId", answer: nodeSlotSchema },
  /** Find-or-create, attached. */
  createVolume: {
    ...changing,
    method: "PUT",
    path: "/v1/slots/:slotId/volume",
    body: z.strictObject({ sizeMb: volumeMbSchema }),
  },
  /** Verifies the marker and sees that the device is there. */
  attachVolume: { ...changing, method: "POST", path: "/v1/slots/:slotId/volume/attach" },
  /** Makes a volume of a stopped slot larger; never smaller. */
  growVolume: {
    ...changing,
    method: "POST",
    path: "/v1/slots/:slotId/volume/grow",
    body: z.strictObject({ sizeMb: volumeMbSchema }),
  },
  /** With its snapshots, and the engine's volume and ended containers of that slot. */
  deleteVolume: { ...changing, method: "DELETE", path: "/v1/slots/:slotId/volume" },
  listSnapshots: {
    ...reading,
    method: "GET",
    path: "/v1/slots/:slotId/snapshots",
    answer: z.array(snapshotSchema),
  },
  /** Of a stopped slot; the same name again keeps the one that is there. */
  takeSnapshot: { ...changing, method: "PUT", path: "/v1/slots/:slotId/snapshots/:snapshot" },
  restoreSnapshot: { ...changing, method: "POST", path: "/v1/slots/:slotId/snapshots/:snapshot/restore" },
  deleteSnapshot: { ...changing, method: "DELETE", path: "/v1/slots/:slotId/snapshots/:snapshot" },
  /** A volume of a stopped slot, or a snapshot: bytes that only another nodekeeper reads, with their digest at the end. */
  send: {
    ...reading,
    method: "GET",
    path: "/v1/slots/:slotId/content",
    query: z.strictObject({ snapshot: snapshotNameSchema.optional() }),
    answer: z.unknown(),
    stream: "answer",
  },
  /**
   * Becomes the slot's volume, at least as large as the one that it replaces, once its digest, marker and file system are
   * found right. Replaces only a volume that nothing ever ran on; from its first byte until then the slot can't start.
   */
  receive: {
    ...changing,
    method: "PUT",
    path: "/v1/slots/:slotId/content",
    /** `from`: the slot whose marker it carries. `copy`: its name, by which a second call knows that it is done. */
    query: z.strictObject({ from: slotIdSchema, copy: snapshotNameSchema }),
    answer: copyResultSchema,
    stream: "request",
  },
  /** Answers when nothing of the slot runs on this node any more; kills after `graceMs`. Does not keep Swarm from starting it. */
  confirmStop: {
    ...changing,
    method: "POST",
    path: "/v1/slots/:slotId/stop",
    body: z.strictObject({ graceMs: z.int().min(0).max(60_000) }),
    answer: z.object({ ok: z.literal(true), wasKilled: z.boolean() }),
  },
  doze: { ...changing, method: "POST", path: "/v1/slots/:slotId/doze" },
  wake: { ...changing, method: "POST", path: "/v1/slots/:slotId/wake" },
} as const satisfies Record<string, RouteShape>;

export type NodekeeperRouteName = keyof typeof nodekeeperRoutes;
export type RouteBody<Name extends NodekeeperRouteName> = z.infer<(typeof nodekeeperRoutes)[Name]["body"]>;
export type RouteQuery<Name extends NodekeeperRouteName> = z.infer<(typeof nodekeeperRoutes)[Name]["query"]>;
export type RouteAnswer<Name extends NodekeeperRouteName> = z.infer<(typeof nodekeeperRoutes)[Name]["answer"]>;
