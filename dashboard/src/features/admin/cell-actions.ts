import type { CellActionType } from "@automna/core/operators/cell-action";
import { HOUR_MS, MINUTE_MS } from "@automna/core/shared/clock";
import type { ActionFieldWords } from "./ActionField.tsx";

export interface CellActionWords {
  label: string;
  title: string;
  /** What follows from it. */
  consequence: string;
  confirm: string;
  fields?: readonly ActionFieldWords[];
  /** The fields as the api wants them; it says itself what is wrong with them. */
  toInput?: (values: Readonly<Record<string, string>>) => Record<string, unknown>;
  isDangerous?: boolean;
}

const numberOf = (text: string | undefined) => (text === undefined || text.trim() === "" ? Number.NaN : Number(text));

/** The words and fields of each action's dialog. */
export const cellActionWords: Record<CellActionType, CellActionWords> = {
  cordon_node: {
    label: "Cordon",
    title: "Cordon this node?",
    consequence: "No new agents come here. What runs goes on.",
    confirm: "Cordon",
  },
  uncordon_node: {
    label: "Uncordon",
    title: "Uncordon this node?",
    consequence: "New agents may come here again, and a drain ends.",
    confirm: "Uncordon",
  },
  drain_node: {
    label: "Drain",
    title: "Drain this node?",
    consequence:
      "It is cordoned, and its agents move elsewhere with their data, a few at a time. Each is away for about as long as a restart.",
    confirm: "Drain",
    fields: [{ name: "concurrency", label: "Moves at the same time", hint: "1 to 20.", initial: "2" }],
    toInput: ({ concurrency }) => ({ concurrency: numberOf(concurrency) }),
    isDangerous: true,
  },
  stop_drain: {
    label: "Stop draining",
    title: "Stop draining this node?",
    consequence: "Moves that have begun end; no more begin. The node stays cordoned.",
    confirm: "Stop",
  },
  move_agent: {
    label: "Move",
    title: "Move this agent?",
    consequence: "It goes with its data and is away for about as long as a restart. If it can't arrive, it stays here.",
    confirm: "Move",
    fields: [
      { name: "nodeId", label: "To the node", hint: "Empty: wherever there is room.", initial: "", isText: true },
    ],
    toInput: ({ nodeId = "" }) => ({ nodeId: nodeId.trim() === "" ? null : nodeId.trim() }),
  },
  decide_lost_agent: {
    label: "Decide",
    title: "Its node is lost",
    consequence:
      "Waiting keeps its data as it was and starts nothing twice. Restoring makes it anew from its last backup, once there are backups.",
    confirm: "Decide",
    fields: [
      {
        name: "decision",
        label: "What becomes of it",
        initial: "wait",
        choices: [
          { value: "wait", label: "Wait" },
          { value: "restore", label: "Restore" },
        ],
      },
    ],
    toInput: ({ decision }) => ({ decision }),
  },
  create_wave: {
    label: "New wave",
    title: "Bring a new image to the agents",
    consequence: "Nothing is upgraded before you start it. Everybody who has another image now is in it.",
    confirm: "Make the wave",
    fields: [
      { name: "image", label: "Image", hint: "With its digest.", initial: "", isText: true },
      { name: "canaries", label: "Canaries", hint: "Agents that go first, alone.", initial: "2" },
      { name: "soak", label: "Soak, minutes", hint: "How long they have to stay well.", initial: "60" },
      { name: "growth", label: "Growth", hint: "Each batch is so many times as large as the last.", initial: "2" },
      { name: "maxBatch", label: "Most in a batch", initial: "20" },
      { name: "failures", label: "Halt above, percent", hint: "Of a batch.", initial: "10" },
      {
        name: "takesBack",
        label: "A halt takes back",
        initial: "unwell",
        choices: [
          { value: "unwell", label: "Who is unwell" },
          { value: "all", label: "Everybody" },
        ],
      },
    ],
    toInput: ({ image, canaries, soak, growth, maxBatch, failures, takesBack }) => ({
      image,
      settings: {
        canaries: numberOf(canaries),
        soakMs: Math.round(numberOf(soak) * MINUTE_MS),
        growth: numberOf(growth),
        maxBatch: numberOf(maxBatch),
        maxFailureShare: numberOf(failures) / 100,
        takesBack,
      },
    }),
  },
  start_wave: {
    label: "Start",
    title: "Start this wave?",
    consequence: "The canaries are upgraded now. Each agent is away for about as long as a restart.",
    confirm: "Start",
  },
  pause_wave: {
    label: "Pause",
    title: "Pause this wave?",
    consequence: "What has begun ends; nobody else is begun.",
    confirm: "Pause",
  },
  halt_wave: {
    label: "Halt",
    title: "Halt this wave?",
    consequence: "What has begun ends, who is unwell is taken back, and another wave may start.",
    confirm: "Halt",
    isDangerous: true,
  },
  roll_back_wave: {
    label: "Roll back",
    title: "Roll this wave back?",
    consequence: "Everybody who has the new image gets the former one. Who was upgraded works with it in between.",
    confirm: "Roll back",
    isDangerous: true,
  },
  defer_upgrades: {
    label: "Put upgrades off",
    title: "Put upgrades off for this customer",
    consequence: "Waves pass their agent over until then.",
    confirm: "Put off",
    fields: [{ name: "days", label: "Days", hint: "0: no longer. At most 90.", initial: "7" }],
    toInput: ({ days }) => ({ days: numberOf(days) }),
  },
  pause_warm_pool: {
    label: "Pause the warm pool",
    title: "Pause the warm pool?",
    consequence:
      "No slots are made in advance. Those that are ready are still given to whoever deploys next, and are not replaced.",
    confirm: "Pause",
  },
  resume_warm_pool: {
    label: "Resume the warm pool",
    title: "Resume the warm pool?",
    consequence:
      "Slots are made in advance again, one at a time on each node, whenever nobody else is coming up there.",
    confirm: "Resume",
  },
  request_dry_run: {
    label: "Dry run",
    title: "Ask for a dry run",
    consequence: "The next sweep, within seconds, says what it would remove, and removes nothing for it.",
    confirm: "Ask",
  },
};

/** "1 h", "30 min": how long a soak is. */
export function formatSoak(soakMs: number): string {
  if (soakMs === 0) return "none";
  return soakMs % HOUR_MS === 0 ? `${soakMs / HOUR_MS} h` : `${Math.round(soakMs / MINUTE_MS)} min`;
}
