import type { SlotContainer } from "@automna/contract/nodekeeper";
import type { ExitCause } from "@automna/core/agents/observed-slot";
import type { RuntimeSlot } from "../agents/agent-runtime.ts";
import { isImageMissing } from "./docker-errors.ts";
import { taskStates, type EngineService, type EngineTask, type TaskState } from "./engine-shapes.ts";

export interface ServicePicture {
  service: EngineService;
  /** Of this service alone. */
  tasks: readonly EngineTask[];
  /** Nodes that Swarm sees well. */
  readyNodes: ReadonlySet<string>;
  /** What the node itself says of the slot's container, where somebody asked; null = nobody did, or it has none. */
  container: SlotContainer | null;
}

/** Where a slot stands, from Swarm's words. Pure. */
export function observeService({ service, tasks, readyNodes, container }: ServicePicture): RuntimeSlot {
  const open = tasks.filter(({ state }) => !isOver(state));
  const isCutOff = (nodeId: string | null) => nodeId !== null && !readyNodes.has(nodeId);
  // A task that Swarm believes open on a node that it does not see may run there for as long as the node lives.
  if (open.some(({ nodeId }) => isCutOff(nodeId))) return { kind: "lost" };
  const running = open.find(({ state }) => state === "running");
  if (running !== undefined) {
    const isDozing = container?.kind === "running" && container.isDozing;
    return { kind: "running", startedAtMs: running.stateSinceMs, isDozing };
  }
  const [starting] = open.toSorted((a, b) => b.createdAtMs - a.createdAtMs);
  if (starting !== undefined) return { kind: "pending", sinceMs: starting.createdAtMs };
  return observeStopped({ service, tasks, readyNodes, container });
}

function observeStopped({ service, tasks, readyNodes, container }: ServicePicture): RuntimeSlot {
  const last = lastOf(tasks);
  const endedAtMs = last?.stateSinceMs ?? null;
  // Stopped because we asked for it: whatever its exit code was.
  if (service.replicas === 0) return { kind: "stopped", lastExit: "clean", endedAtMs };
  const current = lastOf(tasks.filter(({ run }) => run === service.run));
  if (current === null) {
    const isCutOff = service.nodeId !== null && !readyNodes.has(service.nodeId);
    return isCutOff ? { kind: "lost" } : { kind: "pending", sinceMs: service.updatedAtMs };
  }
  return { kind: "stopped", lastExit: exitCause(current, container), endedAtMs: current.stateSinceMs };
}

function lastOf(tasks: readonly EngineTask[]): EngineTask | null {
  return tasks.toSorted((a, b) => b.createdAtMs - a.createdAtMs)[0] ?? null;
}

const OVER_FROM = taskStates.indexOf("complete");
export function isOver(state: TaskState): boolean {
  return taskStates.indexOf(state) >= OVER_FROM;
}

/** 128 + SIGKILL: by somebody on the node, or by the kernel for want of memory. */
const KILLED_EXIT_CODE = 137;
/** Written by an engine that starts, of what it finds dead (moby: daemon/daemon.go, restore): its machine or itself had gone. */
const FOUND_DEAD_EXIT_CODE = 255;

function exitCause({ state, error, exitCode }: EngineTask, container: SlotContainer | null): ExitCause {
  if (state === "rejected") return isImageMissing(error) ? "image_missing" : "rejected";
  // agentd ends when it is asked to; by itself, even with 0, it never should.
  if (state === "complete") return "crashed";
  // The engine shut it down without us: its machine was stopped in good order.
  if (state === "shutdown" || state === "remove") return "clean";
  if (state !== "failed") return "unknown";
  if (container?.kind === "ended" && container.wasOomKilled) return "out_of_memory";
  // Nobody's failure: counted as one, all agents of a node that comes back would be to blame, and with them the node.
  if (exitCode === FOUND_DEAD_EXIT_CODE) return "clean";
  // Never begun: the container could not be made or started.
  if (exitCode === null) return "rejected";
  return exitCode === KILLED_EXIT_CODE ? "killed" : "crashed";
}
