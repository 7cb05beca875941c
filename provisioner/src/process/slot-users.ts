import { execFile } from "node:child_process";
import { createHash } from "node:crypto";
import { promisify } from "node:util";
import type { Logger } from "@automna/service-kit/log";

/** Numeric users of one slot; they have no entry in the system's user list. */
export interface SlotUsers {
  agentd: number;
  gateway: number;
}

/** Gives a slot its users by the place of its port in the range, or null when all slots share our own user. */
export type ChooseUsers = (portIndex: number) => SlotUsers | null;

// Nobody hands out users here: above containers and dynamic users, below 2^31 (systemd.io/UIDS-GIDS).
const FIRST_USER = 1_900_000_000;
const USERS_PER_INSTALLATION = 20_000;
const INSTALLATIONS = 10_000;

/** Where an installation's users begin. Two on one machine must not share: a slot's processes are found by their user. */
export function userBase(installId: string): number {
  const number = createHash("sha256").update(installId).digest().readUInt32BE(0) % INSTALLATIONS;
  return FIRST_USER + number * USERS_PER_INSTALLATION;
}

export function usersAt(base: number, portIndex: number): SlotUsers {
  if (portIndex < 0 || 2 * portIndex + 1 >= USERS_PER_INSTALLATION)
    throw new RangeError(`no user for slot place ${portIndex}`);
  return { agentd: base + 2 * portIndex, gateway: base + 2 * portIndex + 1 };
}

/**
 * Finds out whether slots can have users of their own here, and says so in the log. Throws when they can but could not
 * enter `slotsDir`: running them as root instead would be worse than not running.
 */
export async function chooseSlotUsers(base: number, slotsDir: string, log: Logger): Promise<ChooseUsers> {
  const why = await whyNoUsers(base);
  if (why !== null) {
    log.warn({ why }, "the process runtime isolates nobody: agents share one user of this machine");
    return () => null;
  }
  if (!(await runsAs(base, ["test", "-x", slotsDir])).ok) {
    throw new Error(
      `agents run under users of their own, which can't enter ${slotsDir}: every folder above it needs mode 0711 or wider`,
    );
  }
  log.warn(
    "the process runtime isolates nobody fully: agents have a user and a folder of their own, but share this machine",
  );
  return (portIndex) => usersAt(base, portIndex);
}

async function whyNoUsers(base: number): Promise<string | null> {
  if (process.getuid?.() !== 0) return "not running as root";
  const probe = await runsAs(base, ["true"]);
  return probe.ok ? null : probe.why;
}

async function runsAs(uid: number, command: readonly string[]): Promise<{ ok: true } | { ok: false; why: string }> {
  const [file = "", ...args] = [...setUser(uid), ...command];
  try {
    await promisify(execFile)(file, args, { timeout: 10_000 });
    return { ok: true };
  } catch (error) {
    const { code, stderr } = error as NodeJS.ErrnoException & { stderr?: string };
    return {
      ok: false,
      why: code === "ENOENT" ? "setpriv is not installed" : `setpriv: ${stderr?.trim() || String(code)}`,
    };
  }
}

function setUser(uid: number): string[] {
  return ["setpriv", "--reuid", String(uid), "--regid", String(uid), "--clear-groups"];
}

/** Puts agentd under its user, with just what it needs to run the gateway under another (design D6). */
export function asAgentdUser(users: SlotUsers | null, command: readonly string[]): string[] {
  if (users === null) return [...command];
  const capabilities = "-all,+setuid,+setgid,+kill";
  return [...setUser(users.agentd), `--inh-caps=${capabilities}`, `--ambient-caps=${capabilities}`, "--", ...command];
}
