import type { ScenarioContext } from "../harness/scenario.ts";
import { makeAttempts, type WallAttempt } from "../steps/walls/attempt.ts";
import type { ControlPlane } from "./control-plane.ts";
import { letAgentsTalk, putGuardBack, takeGuardAway } from "./guard-switch.ts";
import {
  knowFarEnds,
  probesOfAgent,
  probesOfDedicatedNode,
  probesOfStranger,
  probesThatPass,
  type FarEnds,
  type WallProbe,
} from "./network-probes.ts";
import { inNode, type Place } from "./place.ts";
import { probeFromAgent, probeFromNamespace, type Heard } from "./probe.ts";
import { giveAddressV6, INTERNET, putStandIns, strangerNamespace } from "./stand-ins.ts";

const FLOOD = 600;
/** Of the flood, above which there is no limit: a rate of 50 a second with a burst of four seconds. */
const FLOOD_LET_THROUGH = 450;

/** Design D5, from an agent, from the public side and from another customer's node; the guard is the nodes' nftables table. */
export async function attackNetwork(ctx: ScenarioContext, place: Place, controlPlane: ControlPlane): Promise<void> {
  const { node } = place.attacker;
  const far = await knowFarEnds(place, await putStandIns(ctx, place), controlPlane);
  const stopV6 = await giveAddressV6(place);
  // Docker's own rule between agents would hide whether the guard holds by itself.
  const stopTalk = await letAgentsTalk(node);
  await inNode(place.dedicated, "ip", "route", "add", `${place.neighbour.bridgeAddress}/32`, "via", node.address);

  const guarded = [node, place.remote.node];
  for (const each of guarded) await takeGuardAway(place, each);
  const unguarded = await hearAll(far);
  await putGuardBack(ctx, place, place.remote.node);
  ctx.hold(
    (await probeFromAgent(place.attacker, fromAgent(far, "C's port on another node"))).get(
      "C's port on another node",
    ) === "",
    "with the guard of A's node gone, that of C's node still keeps A out",
  );
  await putGuardBack(ctx, place, node);
  const callersBefore = controlPlane.callers();
  const safe = await hearAll(far);
  await makeAttempts(ctx, attemptsOf(far, unguarded, safe));
  ctx.hold(controlPlane.callers() === callersBefore, "no door of the control plane has heard of any of it");
  for (const { name, proof } of probesThatPass(far))
    ctx.hold(safe.get(name)?.includes(proof) === true, `and what agents need goes on: ${name}`);
  await stopTalk();
  await stopV6();
  const asItIs = await probeFromAgent(place.attacker, probesOfAgent(far));
  const through = probesOfAgent(far).filter(({ name, proof }) => asItIs.get(name)?.includes(proof));
  ctx.hold(
    through.length === 0,
    "nor does any get through with every wall as production has it",
    through.map(({ name }) => name),
  );
}

async function hearAll(far: FarEnds): Promise<Heard> {
  const { attacker, dedicated, installation } = far.place;
  const stranger = strangerNamespace(installation.cell.lab.network.id);
  const heard = [
    await probeFromAgent(attacker, [...probesOfAgent(far), ...probesThatPass(far)]),
    await probeFromNamespace(stranger, probesOfStranger(far)),
    await probeFromNamespace(dedicated.namespace, probesOfDedicatedNode(far)),
    await probeFromAgent(attacker, flood(far)),
  ];
  return new Map(heard.flatMap((each) => [...each]));
}

function flood({ nonces }: FarEnds): WallProbe[] {
  return Array.from({ length: FLOOD }, (_, index) => ({
    name: `flood ${index}`,
    kind: "tcp",
    host: INTERNET,
    port: 443,
    proof: nonces.otherNode,
  }));
}

function attemptsOf(far: FarEnds, unguarded: Heard, safe: Heard): WallAttempt[] {
  const guard = "the node guard";
  const floodOf = (heard: Heard) =>
    String(flood(far).filter(({ name, proof }) => heard.get(name)?.includes(proof)).length);
  return [
    ...[...probesOfAgent(far), ...probesOfStranger(far), ...probesOfDedicatedNode(far)].map(({ name, proof }) => ({
      name,
      guard,
      withoutGuard: async () => unguarded.get(name) ?? "",
      withGuard: async () => safe.get(name) ?? "",
      proves: (said: string) => said.includes(proof),
    })),
    {
      name: `${FLOOD} connections at once`,
      guard: "the node guard's rate",
      withoutGuard: async () => floodOf(unguarded),
      withGuard: async () => floodOf(safe),
      proves: (count: string) => Number(count) > FLOOD_LET_THROUGH,
    },
  ];
}

function fromAgent(far: FarEnds, name: string): WallProbe[] {
  return probesOfAgent(far).filter((probe) => probe.name === name);
}
