import { z } from "zod";

/** The parts of the engine's answers that we read (API 1.41 and later). Everything else is dropped. */
const timeSchema = z.string().transform((text) => Date.parse(text));
const labelsSchema = z
  .record(z.string(), z.string())
  .nullish()
  .transform((labels) => labels ?? {});

export const serviceSchema = z
  .object({
    ID: z.string(),
    Version: z.object({ Index: z.int() }),
    UpdatedAt: timeSchema,
    Spec: z.object({
      Name: z.string(),
      Labels: labelsSchema,
      TaskTemplate: z.object({
        ForceUpdate: z.int().optional(),
        Placement: z.object({ Constraints: z.array(z.string()).nullish() }).optional(),
      }),
      Mode: z.object({ Replicated: z.object({ Replicas: z.int().optional() }).optional() }),
    }),
  })
  .transform(({ ID, Version, UpdatedAt, Spec }) => ({
    id: ID,
    version: Version.Index,
    updatedAtMs: UpdatedAt,
    name: Spec.Name,
    labels: Spec.Labels,
    /** Grows with each start. */
    run: Spec.TaskTemplate.ForceUpdate ?? 0,
    nodeId: pinnedNode(Spec.TaskTemplate.Placement?.Constraints ?? []),
    replicas: Spec.Mode.Replicated?.Replicas ?? 0,
  }));
export type EngineService = z.infer<typeof serviceSchema>;

const CONSTRAINT = /^node\.id\s*==\s*(\S+)$/;
export function pinTo(nodeId: string): string {
  return `node.id==${nodeId}`;
}
function pinnedNode(constraints: readonly string[]): string | null {
  return constraints.map((text) => CONSTRAINT.exec(text)?.[1]).find((id) => id !== undefined) ?? null;
}

/** Task states in the order in which a task goes through them (moby: api/types/swarm/task.go). */
export const taskStates = [
  "new",
  "allocated",
  "pending",
  "assigned",
  "accepted",
  "preparing",
  "ready",
  "starting",
  "running",
  "complete",
  "shutdown",
  "failed",
  "rejected",
  "remove",
  "orphaned",
] as const;
export type TaskState = (typeof taskStates)[number];

export const taskSchema = z
  .object({
    ID: z.string(),
    ServiceID: z.string(),
    NodeID: z.string().optional(),
    CreatedAt: timeSchema,
    DesiredState: z.string().optional(),
    Spec: z.object({ ForceUpdate: z.int().optional() }),
    Status: z.object({
      Timestamp: timeSchema,
      State: z.enum(taskStates),
      Err: z.string().optional(),
      ContainerStatus: z.object({ ExitCode: z.int().optional() }).nullish(),
    }),
  })
  .transform(({ ID, ServiceID, NodeID, CreatedAt, DesiredState, Spec, Status }) => ({
    id: ID,
    serviceId: ServiceID,
    nodeId: NodeID === undefined || NodeID === "" ? null : NodeID,
    createdAtMs: CreatedAt,
    run: Spec.ForceUpdate ?? 0,
    state: Status.State,
    /** Swarm is about to forget it. */
    isLeaving: DesiredState === "remove",
    stateSinceMs: Status.Timestamp,
    error: Status.Err ?? "",
    exitCode: Status.ContainerStatus?.ExitCode ?? null,
  }));
export type EngineTask = z.infer<typeof taskSchema>;

export const nodeSchema = z
  .object({
    ID: z.string(),
    Spec: z.object({ Labels: labelsSchema }),
    Description: z
      .object({
        Hostname: z.string().optional(),
        Resources: z.object({ MemoryBytes: z.number().optional() }).optional(),
      })
      .optional(),
    Status: z.object({ State: z.string(), Addr: z.string().optional() }),
    ManagerStatus: z.object({ Addr: z.string().optional() }).nullish(),
  })
  .transform(({ ID, Spec, Description, Status, ManagerStatus }) => ({
    id: ID,
    labels: Spec.Labels,
    hostname: Description?.Hostname ?? "",
    memoryBytes: Description?.Resources?.MemoryBytes ?? 0,
    isReady: Status.State === "ready",
    address: Status.Addr ?? "",
    /** `host:port` of a manager; null on workers. */
    managerAddress: ManagerStatus?.Addr ?? null,
  }));
export type EngineNode = z.infer<typeof nodeSchema>;

export const secretSchema = z
  .object({ ID: z.string(), Spec: z.object({ Name: z.string(), Labels: labelsSchema }) })
  .transform(({ ID, Spec }) => ({ id: ID, name: Spec.Name, labels: Spec.Labels }));
export type EngineSecret = z.infer<typeof secretSchema>;
