import { serviceStops } from "../billing/service.ts";

/** Why an agent is not well. Codes are stored with the agent and its events; texts below are for people. */
export const agentReasons = [
  "no_room",
  "slot_lost",
  "slot_rejected",
  "slot_pending",
  "node_lost",
  "image_missing",
  "agentd_exited",
  "agentd_silent",
  "gateway_failing",
  "gateway_slow",
  "out_of_memory",
  "claim_refused",
  "stop_overdue",
  "step_failed",
  "crash_loop",
  "safe_mode",
  "move_failed",
  "upgrade_failed",
  "upgrade_interrupted",
  "resting",
  "waiting_for_room",
  "moving_for_room",
  "stopped_by_user",
  ...serviceStops,
] as const;
export type AgentReason = (typeof agentReasons)[number];

export interface ReasonText {
  /** What happened, in the words of product.md's message table. */
  title: string;
  /** What it means and what happens next. */
  detail: string;
}

const texts: Record<AgentReason, ReasonText> = {
  no_room: {
    title: "No room for your agent right now.",
    detail: "Every place on this machine is taken. We try again by ourselves as soon as one is free.",
  },
  slot_lost: {
    title: "Agent temporarily unavailable. We're on it.",
    detail: "Its data is not where it was last. It is not started empty: an operator has to look, or you delete it.",
  },
  slot_rejected: {
    title: "Agent temporarily unavailable. We're on it.",
    detail: "Its machine refused to start it. We try again with growing pauses. Nothing was lost.",
  },
  slot_pending: {
    title: "Your agent takes longer than usual.",
    detail: "Its machine has not started it yet. We try again by ourselves. Nothing was lost.",
  },
  node_lost: {
    title: "Agent temporarily unavailable. We're on it.",
    detail:
      "The machine that holds it does not answer. Its data stays there: it comes back with the machine, or an operator decides.",
  },
  image_missing: {
    title: "Agent temporarily unavailable. We're on it.",
    detail: "Its program could not be fetched. We try again with growing pauses. Nothing was lost.",
  },
  agentd_exited: {
    title: "Agent temporarily unavailable. We're on it.",
    detail: "It stopped unexpectedly and is being started again. Nothing was lost.",
  },
  agentd_silent: {
    title: "Agent temporarily unavailable. We're on it.",
    detail: "It does not answer and is being started again.",
  },
  gateway_failing: {
    title: "Agent temporarily unavailable. We're on it.",
    detail: "It could not start. We try again with growing pauses.",
  },
  gateway_slow: {
    title: "Your agent takes longer than usual.",
    detail: "It has not become ready in time and is being started again.",
  },
  out_of_memory: {
    title: "Your agent ran out of memory and was restarted.",
    detail: "Nothing was lost. A plan with more memory avoids this.",
  },
  claim_refused: {
    title: "Agent temporarily unavailable. We're on it.",
    detail: "Its place answered for another agent and is being made again.",
  },
  stop_overdue: {
    title: "Your agent takes longer than usual to stop.",
    detail: "We keep trying; nothing is lost.",
  },
  step_failed: {
    title: "Agent temporarily unavailable. We're on it.",
    detail: "A step of the set-up did not work. We try again with growing pauses.",
  },
  crash_loop: {
    title: "Your agent keeps stopping by itself.",
    detail:
      "It did so even without your own additions, so we have stopped trying. Its files and history are kept: restart it, or write to us.",
  },
  safe_mode: {
    title: "Your agent runs without your own additions.",
    detail:
      "It stopped again and again, so skills and plugins that you added are left out for now. Restart it to try them again.",
  },
  move_failed: {
    title: "Your agent could not be moved.",
    detail: "It goes on where it was, with all its data. Nothing was lost.",
  },
  upgrade_failed: {
    title: "An update did not work and was taken back.",
    detail: "Your agent runs as before, with the data it had before the update.",
  },
  upgrade_interrupted: {
    title: "An update was interrupted.",
    detail: "Your agent is as it was before; the update comes again later.",
  },
  resting: {
    title: "Your agent is asleep.",
    detail: "Nobody needed it for a while. It wakes by itself as soon as you write to it.",
  },
  waiting_for_room: {
    title: "Your agent waits for room to wake up.",
    detail:
      "Everybody on its machine is awake right now. It wakes by itself as soon as one of them rests; nothing is lost.",
  },
  moving_for_room: {
    title: "Your agent moves to another machine.",
    detail: "Its own has no room right now. It wakes there with all its data, in about the time of a restart.",
  },
  stopped_by_user: {
    title: "You stopped this agent.",
    detail: "Its files and history are kept. Start it whenever you like.",
  },
  payment_failed: {
    title: "Payment failed. Update your card to keep your agent running.",
    detail: "It is asleep; its files and history are kept. It comes back by itself as soon as the payment works.",
  },
  plan_ended: {
    title: "Your plan has ended.",
    detail: "Your agent is asleep; its files and history are kept for now. Choose a plan and it comes back with them.",
  },
  account_ending: {
    title: "Your account is being deleted.",
    detail: "Your agent is stopped. Until the account is erased you can still change your mind under Settings.",
  },
};

export function reasonText(reason: AgentReason): ReasonText {
  return texts[reason];
}
