import type { ScenarioContext } from "../harness/scenario.ts";
import { isLeftBehind, startLeakControl } from "./leak-control.ts";
import { leave, pointNames, wayNames, type PointName, type WayName } from "./leaving.ts";
import type { Customer } from "./world.ts";

export interface DeparturesPlan {
  /** Clients at a time. */
  count: number;
  rounds: number;
  /** At which points http-proxy is shown to keep what clients left behind. */
  controls: "all" | "some" | "none";
}

/** Where http-proxy 1.18.1 keeps the agent at work for a client that is gone. */
const LEAKING: readonly PointName[] = ["before the answer", "within an event stream", "within a long answer, unread"];
const LEFT_MS = 5_000;
const CONTROL_LEFT_MS = 1_000;

/** Clients leave at every point of a request and a socket, in every way: nothing of them is left at their agent. */
export async function holdDepartures(
  ctx: ScenarioContext,
  { port, customers }: { port: number; customers: readonly Customer[] },
  { count, rounds, controls }: DeparturesPlan,
): Promise<void> {
  const departures = pointNames.flatMap((point) => wayNames.map((way) => ({ point, way })));
  const leftBehind: string[] = [];
  const left = Array.from({ length: rounds }, () => departures).flat();
  await Promise.all(
    customers.map(async (customer) => {
      // One after the other at each agent, so that what is left behind is known to be of this departure.
      for (let next = left.pop(); next !== undefined; next = left.pop()) {
        await leave(port, customer, { ...next, count });
        if (await isLeftBehind(customer, LEFT_MS)) leftBehind.push(`${next.way} ${next.point}`);
      }
    }),
  );
  const clients = departures.length * rounds * count;
  ctx.hold(
    leftBehind.length === 0,
    `${clients} clients left at ${pointNames.length} points in ${wayNames.length} ways, and nothing of theirs is under way at their agent`,
    leftBehind,
  );
  const [customer] = customers;
  if (controls === "none" || customer === undefined) return;
  const control = await startLeakControl(ctx);
  const ways: readonly WayName[] = controls === "all" ? wayNames : ["aborts"];
  for (const point of LEAKING) {
    for (const way of ways) {
      const leaves = async (at: { port: number; customer: Customer }, withinMs: number) => {
        await leave(at.port, at.customer, { point, way, count, isAgentAtWork: true });
        const isLeft = await isLeftBehind(at.customer, withinMs);
        at.customer.backend.reset();
        return isLeft;
      };
      await ctx.attack({
        name: `a client that ${way} ${point} keeps its agent at work (control: http-proxy 1.18.1)`,
        unsafe: () => leaves(control, CONTROL_LEFT_MS),
        safe: () => leaves({ port, customer }, LEFT_MS),
      });
    }
  }
}
