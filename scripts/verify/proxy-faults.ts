import type { Scenario, ScenarioContext } from "./harness/scenario.ts";
import { holdBackToBaseline, observeBaseline } from "./proxy-faults/baseline.ts";
import { startBystander } from "./proxy-faults/bystander.ts";
import { holdDeaths } from "./proxy-faults/deaths.ts";
import { holdDeploy } from "./proxy-faults/deploy.ts";
import { startIngressProcess } from "./proxy-faults/ingress-process.ts";
import { holdDepartures } from "./proxy-faults/departures.ts";
import { holdMisrouteControls } from "./proxy-faults/misroute-controls.ts";
import { holdMoves } from "./proxy-faults/moves.ts";
import { holdDatabaseOutage, holdQueueOutage } from "./proxy-faults/outages.ts";
import { holdSilentPeers, holdSlowReaders } from "./proxy-faults/slow-readers.ts";
import { makeWorld, type Customer } from "./proxy-faults/world.ts";

/** How much of each fault; the full numbers are the issue's. */
const full = {
  customers: 40,
  // A user may hold 32 sockets.
  leaving: { count: 25, rounds: 8, controls: "all" },
  deaths: 50,
  slow: { count: 20, forMs: 5_000 },
  silent: 20,
  heartbeatMs: 3_000,
  outageMs: 60_000,
  moves: { replies: 1_000_000, moves: 1_000, lanes: 48 },
  deploy: { sockets: 1_000, drainTimeoutMs: 20_000, noticeMs: 3_000, shareMax: 0.2 },
} as const;
const quick = {
  customers: 16,
  leaving: { count: 4, rounds: 1, controls: "some" },
  deaths: 3,
  slow: { count: 8, forMs: 500 },
  silent: 3,
  heartbeatMs: 700,
  outageMs: 2_000,
  moves: { replies: 6_000, moves: 50, lanes: 16 },
  deploy: { sockets: 150, drainTimeoutMs: 8_000, noticeMs: 300, shareMax: 0.8 },
} as const;

export const scenario: Scenario = {
  name: "proxy-faults",
  title:
    "the proxy under aborts, deaths, outages, moves and deploys: every reply from the right agent, and nothing left behind",
  run,
};

async function run(ctx: ScenarioContext): Promise<void> {
  const plan = ctx.isQuick ? quick : full;
  const world = await makeWorld(ctx);
  const customers = await addCustomers(world.addCustomer, plan.customers);
  const [customer] = customers;
  ctx.must(customer !== undefined, "there are customers");
  const { heartbeatMs, deploy } = plan;
  const env = {
    INGRESS_HEARTBEAT_MS: String(heartbeatMs),
    INGRESS_DRAIN_TIMEOUT_MS: String(deploy.drainTimeoutMs),
    INGRESS_DRAIN_NOTICE_MS: String(deploy.noticeMs),
  };
  const ingress = await startIngressProcess(ctx, world, env);
  const bystander = await startBystander(ctx);
  const { port } = ingress;
  // Each kind once, so that the base line is that of a process at work.
  await holdDepartures(ctx, { port, customers }, { count: 1, rounds: 1, controls: "none" });
  const before = await observeBaseline({ ingress, bystander });

  await holdDepartures(ctx, { port, customers }, plan.leaving);
  await holdDeaths(ctx, port, customer, plan.deaths);
  await holdSlowReaders(ctx, { ingress, customer }, plan.slow);
  await Promise.all([
    holdSilentPeers(ctx, { port, customer, heartbeatMs }, plan.silent),
    holdMisrouteControls(ctx, world, port),
    holdQueueOutage(ctx, { world, port, known: customers.slice(1) }, plan.outageMs),
  ]);
  const fresh = await holdDatabaseOutage(ctx, { world, ingress, known: customers }, plan.outageMs);
  await holdMoves(ctx, { world, port, customers }, plan.moves);
  await holdBackToBaseline(ctx, { ingress, bystander }, before);

  const beforeDeploy = await observeBaseline({ ingress: fresh, bystander });
  await holdDeploy(ctx, { world, old: ingress, fresh, customers }, deploy);
  await holdBackToBaseline(ctx, { ingress: fresh, bystander }, beforeDeploy, "after the deploy");
}

async function addCustomers(add: () => Promise<Customer>, count: number): Promise<Customer[]> {
  return Promise.all(Array.from({ length: count }, add));
}
