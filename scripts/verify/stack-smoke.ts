import { startFakeAnthropic } from "@automna/testkit/fakes/anthropic";
import { startFakeClerk } from "@automna/testkit/fakes/clerk/fake-clerk";
import { ensureDocker } from "../ensure-docker.ts";
import type { Scenario, ScenarioContext } from "./harness/scenario.ts";
import { buildImages } from "./stack-smoke/build-images.ts";
import { chatWithNewAgent } from "./stack-smoke/chat-with-agent.ts";
import { assertDatabaseRoles } from "./stack-smoke/database-roles.ts";
import { deployAll, stackValues, startDeployment } from "./stack-smoke/deploy.ts";
import { deployAgain } from "./stack-smoke/deploy-again.ts";
import { dockerClient } from "./stack-smoke/docker-client.ts";
import { enrolNode, prepareNodes, startStackLab } from "./stack-smoke/lab.ts";
import { makeSecrets } from "./stack-smoke/make-secrets.ts";
import { readNeedles, toNeedle } from "./stack-smoke/needles.ts";
import { makeOperator } from "./stack-smoke/operator.ts";
import { removeAll, takeInventory } from "./stack-smoke/remove-all.ts";
import { searchForSecrets } from "./stack-smoke/search-inspect.ts";
import { readSlotSecret } from "./stack-smoke/slot-secret.ts";
import { startTunnelEnd } from "./stack-smoke/tunnel-end.ts";
import { visit } from "./stack-smoke/visit.ts";

export const scenario: Scenario = {
  name: "stack-smoke",
  title:
    "production's images and stacks on an empty Swarm, by the documents' own commands: deployed, used, deployed again, searched for secrets, removed",
  needsDocker: true,
  run,
};

async function run(ctx: ScenarioContext): Promise<void> {
  ctx.log(
    "Traefik's image can't be had on a closed machine: a stand-in edge made from the same configuration and labels",
  );
  ctx.log(
    "takes its place. So do stand-ins for cloudflared (its tunnel ends here), Postgres and Redis (the real programs)",
  );
  const problem = await ensureDocker();
  ctx.must(problem === null, "engines of our own can be started here", problem ?? undefined);
  const operator = await makeOperator(ctx);
  const images = await buildImages(ctx, operator);
  const lab = await startStackLab(ctx, images);
  const docker = dockerClient(lab.control);
  const worker = dockerClient(lab.worker);

  const host = lab.lab.network.hostAddress;
  const tunnel = await startTunnelEnd(host);
  ctx.onCleanup("the tunnel's end", () => tunnel.close());
  const { origin } = tunnel;
  const clerk = await startFakeClerk({ host, origin });
  ctx.onCleanup("Clerk", () => clerk.close());
  const model = await startFakeAnthropic({ host, chunkMs: 5 });
  ctx.onCleanup("the model's server", () => model.close());

  await prepareNodes(lab, operator);
  const before = await takeInventory(lab);
  const isEmpty = [...before.values()].every(({ containers, volumes, services = [], secrets = [] }) =>
    [containers, volumes, services, secrets].every((names) => names?.length === 0),
  );
  ctx.must(isEmpty, "the Swarm is empty: no service, container, secret or volume", [...before]);
  const secrets = await makeSecrets(ctx, operator, lab, { clerk, tunnelToken: tunnel.token });
  enrolNode(ctx, lab, secrets);
  const values = stackValues(ctx, lab, { clerk, model, origin, agentImage: images.agent });
  const deployment = await startDeployment(operator, lab, values);
  await deployAll(ctx, docker, deployment);

  await visit(ctx, origin, clerk);
  const { key, ask } = await chatWithNewAgent(ctx, { origin, clerk, model });
  await assertDatabaseRoles(ctx, docker);
  await deployAgain(ctx, [docker, worker], deployment);
  await ask("after it the agent still answers");
  await searchForSecrets(
    ctx,
    [
      { name: lab.control.name, docker, isManager: true, image: "automna/dashboard:test" },
      { name: lab.worker.name, docker: worker, isManager: false, image: images.agent },
    ],
    [...readNeedles(secrets), toNeedle("customer's key", key), await readSlotSecret(ctx, worker)],
  );
  ctx.hold(tunnel.refused() === 0, "every tunnel came with the token's secret");
  await removeAll(ctx, operator, lab, before);
}
