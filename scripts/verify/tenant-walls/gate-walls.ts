import { fileURLToPath } from "node:url";
import { agentdPaths } from "@automna/contract/agentd";
import { INTERNAL_HEADER } from "@automna/contract/headers";
import { command } from "@automna/testkit/docker/command";
import type { ScenarioContext } from "../harness/scenario.ts";
import type { WallAttempt } from "../steps/walls/attempt.ts";
import { execIn, type Shell } from "../steps/walls/shell.ts";
import { withTwin, type Off } from "../steps/walls/twin.ts";
import { keyOf, type Place } from "./place.ts";

const AGENTD_URL = "http://127.0.0.1:18789";
const IN_TWIN = "/opt/open-gate.ts";
/** agentd's own gate, that takes any key for the right one. */
const openGate: Off = {
  env: [`NODE_OPTIONS=--import=${IN_TWIN}`],
  mounts: [
    {
      Type: "bind",
      Source: fileURLToPath(new URL("open-gate.ts", import.meta.url)),
      Target: IN_TWIN,
      ReadOnly: true,
    },
  ],
};

/** Prints the status and the body. */
const ASK = `
const [url, name, value] = process.argv.slice(1);
fetch(url, { headers: { [name]: value }, signal: AbortSignal.timeout(20000) })
  .then(async (answer) => console.log(answer.status + " " + (await answer.text())));
`;

interface GateTry {
  who: string;
  path: string;
  key: string;
}

/** B's agentd from where the proxy stands, past the node guard, and A's own from A's shell, which reaches it on loopback. */
export async function gateAttempts(ctx: ScenarioContext, place: Place): Promise<WallAttempt[]> {
  const { attacker, neighbour } = place;
  const { status, appList, claim } = agentdPaths;
  const fromProxy: readonly GateTry[] = [
    { who: "without a key", path: status, key: "" },
    { who: "with A's control key", path: status, key: keyOf(attacker, "control") },
    { who: "with B's ingress key, as the proxy", path: status, key: keyOf(neighbour, "ingress") },
    { who: "with B's apps key, as the apps listener", path: status, key: keyOf(neighbour, "apps") },
    { who: "with B's egress key, as egress", path: status, key: keyOf(neighbour, "egress") },
    { who: "without a key", path: appList, key: "" },
    { who: "with A's ingress key", path: appList, key: keyOf(attacker, "ingress") },
    { who: "with B's apps key, as the apps listener", path: appList, key: keyOf(neighbour, "apps") },
  ];
  const fromShell: readonly GateTry[] = [
    { who: "its control", path: status, key: "x" },
    { who: "the proxy's way in", path: appList, key: "x" },
    { who: "the way in which others are given it", path: claim, key: "x" },
  ];
  const asked = async (pid: number | null, url: string, shell: Shell) => [
    ...(await Promise.all(fromProxy.map((each) => askFromOutside(pid, url, each)))),
    ...(await Promise.all(fromShell.map((each) => askFromShell(shell, each)))),
  ];
  const open = await withTwin(ctx, neighbour, openGate, async (twin) => {
    await untilListening(twin);
    const { State: state } = await twin.node.engine.docker.getContainer(twin.containerId).inspect();
    return asked(state.Pid, AGENTD_URL, twin);
  });
  const closed = await asked(null, `http://${neighbour.node.address}:${neighbour.port}`, attacker);
  const names = [
    ...fromProxy.map(({ who, path }) => `B's agentd at ${path} from the proxy's place, ${who}`),
    ...fromShell.map(({ who }) => `A's shell opens ${who} at its own agentd`),
  ];
  return names.map((name, index) => ({
    name,
    guard: "the slot's own key for that use",
    withoutGuard: async () => open[index] ?? "",
    withGuard: async () => closed[index] ?? "",
    // A claim that says nothing gets past the gate and no further.
    proves: (said) => /^(?:HTTP\/1\.1 )?(?:200 .*"(?:slotId|apps)":|4\d\d .*"invalid_request")/s.test(said),
  }));
}

/** From this machine, in the network of a process. */
function askFromOutside(pid: number | null, url: string, { path, key }: GateTry): Promise<string> {
  const asker = [process.execPath, "-e", ASK, `${url}${path}`, INTERNAL_HEADER, key] as const;
  return command(pid === null ? asker : ["nsenter", `--net=/proc/${pid}/ns/net`, ...asker]);
}

async function askFromShell(shell: Shell, { path, key }: GateTry): Promise<string> {
  const method = path === agentdPaths.claim ? "PUT -d '{}'" : "GET";
  const script = `curl -sS --max-time 20 -X ${method} -H 'content-type: application/json' -H '${INTERNAL_HEADER}: ${key}' -i ${AGENTD_URL}${path}`;
  return (await execIn(shell, { user: 10_002, script })).said;
}

async function untilListening(twin: Shell): Promise<void> {
  const script = `curl -sS --retry 120 --retry-connrefused --retry-delay 1 ${AGENTD_URL}${agentdPaths.health}`;
  await execIn(twin, { user: 10_002, script });
}
