import { AGENTD_APPS_PREFIX, agentdPaths, type ClaimRequest } from "@automna/contract/agentd";
import { INTERNAL_HEADER } from "@automna/contract/headers";
import { AGENTD_CONTROL_PREFIX } from "@automna/contract/paths";
import { deriveSlotKey, type SlotKeyPurpose } from "@automna/service-kit/slot-keys";
import { choosePassage } from "../../../agent/src/gate.ts";
import type { ScenarioContext } from "../harness/scenario.ts";
import { ask } from "./ask.ts";
import { startRecordingBackend } from "./recording-backend.ts";
import type { Person, World } from "./world.ts";

interface Door {
  title: string;
  method: string;
  path: string;
  headers?: Record<string, string>;
  body?: unknown;
}

const upgrade = {
  connection: "Upgrade",
  upgrade: "websocket",
  "sec-websocket-version": "13",
  "sec-websocket-key": "AAAAAAAAAAAAAAAAAAAAAA==",
};

/** Everything on agentd's port that must not open by itself: its own paths from the contract, and the way to the gateway. */
function doorsOf({ agentId, userId }: Person): Door[] {
  const claim: ClaimRequest = {
    agentId,
    userId,
    name: "Bob",
    personality: "",
    model: "m",
    utilityModel: "u",
    memoryMb: 1_000,
  };
  const own: Record<Exclude<keyof typeof agentdPaths, "health">, Omit<Door, "title" | "path">> = {
    claim: { method: "PUT", body: claim },
    prepare: { method: "PUT", body: { model: "m", utilityModel: "u", memoryMb: 1_000 } },
    status: { method: "GET" },
    abort: { method: "POST", body: { sessionKey: "agent:main:main" } },
    appList: { method: "GET" },
  };
  return [
    ...Object.entries(own).map(([name, door]) => ({
      title: name,
      path: agentdPaths[name as keyof typeof own],
      ...door,
    })),
    ...["GET", "POST", "DELETE"].map((method) => ({ title: `gateway ${method}`, method, path: "/files/notes.txt" })),
    { title: "an app's file", method: "GET", path: `${AGENTD_APPS_PREFIX}shop/index.html` },
    { title: "gateway's socket", method: "GET", path: "/ws", headers: upgrade },
  ];
}

/** Tries agentd's port directly, as somebody would who is past the proxy: another agent on the same machine. */
export async function attackGate(ctx: ScenarioContext, world: World): Promise<void> {
  const { alice, bob } = world;
  const open = await startRecordingBackend(
    { slotId: bob.slot.id, generation: bob.slot.generation, agentId: bob.agentId, rootKey: bob.slot.rootKey },
    letAllThrough,
  );
  ctx.onCleanup("close the open backend", () => open.close());
  for (const door of doorsOf(bob)) {
    for (const [name, value] of Object.entries(wrongKeys(alice, bob, door))) {
      const opens = async (port: number) => {
        const { status } = await ask({
          port,
          ...door,
          headers: { ...door.headers, ...(value === null ? {} : { [INTERNAL_HEADER]: value }) },
        });
        return status < 400;
      };
      await ctx.attack({
        name: `agentd, ${name}: ${door.title}`,
        unsafe: () => opens(open.port),
        safe: () => opens(bob.backend.port),
      });
    }
  }
  const health = await ask({ port: bob.backend.port, method: "GET", path: agentdPaths.health });
  ctx.hold(
    health.status === 200 && !health.body.includes(bob.slot.id) && !health.body.includes(bob.agentId),
    "agentd, what opens without a key tells nothing about the slot",
    health,
  );
}

/** What somebody might show in place of the right key; null = nothing. */
function wrongKeys(alice: Person, bob: Person, door: Door): Record<string, string | null> {
  const key = ({ slot }: Person, purpose: SlotKeyPurpose, generation = slot.generation) =>
    deriveSlotKey(slot.rootKey, purpose, slot.id, generation);
  const right = keyOf(door.path);
  const others = (["ingress", "control", "apps"] as const).filter((purpose) => purpose !== right);
  return {
    "no internal header": null,
    "an empty internal header": "",
    "a wrong internal header": "x".repeat(43),
    "another slot's internal header": key(alice, right),
    "the key of another generation": key(bob, right, bob.slot.generation + 1),
    ...Object.fromEntries(others.map((purpose) => [`the key for ${purpose}`, key(bob, purpose)])),
    "the key that proves": key(bob, "proof"),
    "the key for model calls": key(bob, "egress"),
  };
}

const letAllThrough: typeof choosePassage = (request, keys) =>
  choosePassage({ ...request, internalHeader: keys[keyOf(request.target)] }, keys);

/** What opens a path of agentd's. */
function keyOf(path: string): "ingress" | "control" | "apps" {
  if (path.startsWith(AGENTD_CONTROL_PREFIX)) return "control";
  return path.startsWith(AGENTD_APPS_PREFIX) ? "apps" : "ingress";
}
