import type { AgentPhase } from "@automna/core/agents/agent-phase";
import type { DesiredState, ModelSource } from "@automna/core/agents/agent-spec";
import type { DeployStage } from "@automna/core/agents/deploy-progress";
import type { AgentEventView } from "@automna/contract/agents";
import type { AgentEventRecord } from "@automna/records/agents";

type EventName =
  | AgentPhase
  | `stage_${DeployStage}`
  | `${DesiredState}_requested`
  | "restart_requested"
  | `${DesiredState}_by_service`
  | "tier_changed"
  | "may_doze"
  | "may_sleep"
  | "may_wake"
  | "move_requested"
  | "moved"
  | "move_abandoned"
  | "upgrade_requested"
  | "upgraded"
  | "upgrade_failed"
  | `${ModelSource}_chosen`;

/** What a person reads in the agent's log; records/agents and records/agent-phases write these types. */
const messages: Record<EventName, string> = {
  requested: "Deploy requested.",
  placing: "Looking for a place.",
  creating: "Setting up its place.",
  starting: "Starting.",
  ready: "Your agent is live.",
  dozing: "Dozing until it is needed.",
  stopping: "Stopping.",
  asleep: "Stopped. Files and history are kept.",
  upgrading: "Being upgraded.",
  moving: "Moving to another place.",
  failing: "Something went wrong. Trying again.",
  failed: "It could not be started. Tries have ended.",
  deleting: "Being deleted.",
  deleted: "Deleted.",
  stage_queued: "Waiting for its turn.",
  stage_placing: "Finding a place.",
  stage_starting: "Starting the agent's process.",
  stage_warming: "Warming up.",
  stage_ready: "Warm and ready.",
  running_requested: "You asked it to start.",
  stopped_requested: "You asked it to stop.",
  deleted_requested: "You asked to delete it.",
  restart_requested: "You asked for a restart.",
  running_by_service: "Your plan is active again: waking up.",
  stopped_by_service: "Put to sleep: no plan is active. Files and history are kept.",
  deleted_by_service: "The time for which its data is kept is over.",
  tier_changed: "Your plan changed.",
  may_doze: "Nobody has needed it for a while: it may doze.",
  may_sleep: "Nobody has needed it for long: it may sleep.",
  may_wake: "It is needed: waking up.",
  move_requested: "It is to move to another machine.",
  moved: "It answers from another machine now, with all its data.",
  move_abandoned: "The move did not work. It goes on where it was.",
  upgrade_requested: "An update is coming.",
  upgraded: "Updated.",
  upgrade_failed: "The update did not work and was taken back, with the data from before.",
  byok_chosen: "Answers come from your Anthropic key from now on.",
  credits_chosen: "Answers are paid in credits from now on.",
  demo_chosen: "Answers come from the demo model from now on.",
};

/** An event of an agent as its owner reads it. */
export function toEventView({ id, type, phase, at }: AgentEventRecord): AgentEventView {
  const name = type.replace(/^agent\./, "");
  return {
    id: String(id),
    type,
    atMs: at.getTime(),
    phase,
    message: isKnown(name) ? messages[name] : name.replaceAll("_", " "),
  };
}

function isKnown(name: string): name is EventName {
  return Object.hasOwn(messages, name);
}
