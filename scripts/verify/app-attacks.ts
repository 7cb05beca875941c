import { newId } from "@automna/service-kit/new-id";
import { hostOf } from "../../proxy/test/apps-harness.ts";
import { startStandInAgentd } from "../../proxy/test/stand-in-agentd.ts";
import { ADAS_APPS, type AppAttack, type AppAttackClass } from "./app-attacks/app-attack.ts";
import { attackFiles } from "./app-attacks/files.ts";
import { requestClasses } from "./app-attacks/requests.ts";
import { openAppSides, realAttempts, type AppSides } from "./app-attacks/sides.ts";
import { visitorClasses } from "./app-attacks/visitors.ts";
import type { Scenario, ScenarioContext } from "./harness/scenario.ts";

export const scenario: Scenario = {
  name: "app-attacks",
  title:
    "attacks on published apps by strangers, neighbours and hostile agents: each works with one check off, and none on ours",
  run,
};

async function run(ctx: ScenarioContext): Promise<void> {
  const sides = await openAppSides(ctx);
  await holdServing(ctx, sides, "before the attacks");
  let attacks = 0;
  for (const each of [...requestClasses(), ...visitorClasses()]) attacks += await runClass(ctx, each, sides);
  attacks += await attackFiles(ctx);
  attacks += await attackReusedPort(ctx, sides);
  await holdServing(ctx, sides, "after the attacks");
  ctx.figure("attacks", attacks, "attacks");
  ctx.figure("passwords that may be tried at once from one address", realAttempts.address, "passwords");
}

async function runClass(ctx: ScenarioContext, { name, attacks }: AppAttackClass, sides: AppSides): Promise<number> {
  for (const each of attacks) await attack(ctx, { name, each, sides });
  ctx.figure(name, attacks.length, "attacks");
  return attacks.length;
}

async function attack(
  ctx: ScenarioContext,
  { name, each, sides }: { name: string; each: AppAttack; sides: AppSides },
): Promise<void> {
  const control = await sides.control(each.control);
  await ctx.attack({
    name: `${name}: ${each.name} (control: no ${each.control})`,
    unsafe: () => each.run(control),
    safe: () => each.run(sides.ours),
  });
}

/** Refusing everything would pass every attack: those who may are let in. */
async function holdServing(ctx: ScenarioContext, { ours }: AppSides, when: string): Promise<void> {
  const status = async (name: string, cookie?: string) =>
    (await ours.visit(hostOf(name, ours.ada), "/", cookie === undefined ? {} : { headers: { cookie } })).status;
  const seen = [
    await status(ADAS_APPS.open),
    await status(ADAS_APPS.locked, await ours.passFor(ADAS_APPS.locked, "visitor")),
    await status(ADAS_APPS.own, await ours.passFor(ADAS_APPS.own, "owner")),
    await status(ADAS_APPS.own),
  ];
  ctx.must(String(seen) === "200,200,200,404", `${when}: those who may are let in, and nobody else`, seen);
}

/** The port that one agent had is another's now. */
async function attackReusedPort(ctx: ScenarioContext, sides: AppSides): Promise<number> {
  const { ada } = sides.ours;
  const control = await sides.control("backendProof");
  const stranger = await startStandInAgentd({ slotId: newId("slt"), agentId: newId("agt"), isOpen: true });
  ctx.onCleanup("close the stranger", () => stranger.crash());
  const port = sides.ours.adaAgent.port;
  const reaches = async ({ visit }: typeof control) => {
    const before = stranger.seen.length;
    await ada.setPort(stranger.port);
    await ctx.eventually("the listener looks at the new port", async () => {
      const answer = await visit(hostOf(ADAS_APPS.open, ada), "/");
      return answer.status === 200 && !answer.body.includes(stranger.slotId) ? null : answer;
    });
    return stranger.seen.length > before;
  };
  await ctx.attack({
    name: "a port that is another's by now (control: no backendProof)",
    unsafe: () => reaches(control),
    safe: () => reaches(sides.ours),
  });
  await ada.setPort(port);
  await ctx.eventually("the agent is back", async () => {
    const { status } = await sides.ours.visit(hostOf(ADAS_APPS.open, ada), "/");
    return status === 200 ? true : null;
  });
  return 1;
}
