// Loaded into the provisioner before its main.ts, unchanged otherwise: around each executor it looks at the scenario's plan
// and, where that says so, ends the whole process by SIGKILL, with nothing closed, given back or written down.
import { appendFileSync, readFileSync } from "node:fs";
import { join } from "node:path";
import type { AgentStep } from "@automna/core/agents/agent-steps";
import { stepExecutors } from "../../../provisioner/src/agents/step-executors.ts";
import type { StepContext } from "../../../provisioner/src/agents/steps/step-context.ts";
import { chooseDeath, labelOf, type Death, type KillPlan, type Moment } from "./kill-plan.ts";

const folder = process.env["KILL_POINTS_FOLDER"] ?? "";

type Executor = (step: AgentStep, context: StepContext) => Promise<void>;
// The table is what main.ts runs: its entries are replaced in place.
const table = stepExecutors as unknown as Record<string, Executor>;
for (const [name, execute] of Object.entries(table)) {
  table[name] = async (step, context) => {
    const reach = (moment: Moment) => passOrDie(context.agent.id, step, moment);
    const { runtime, agentd } = context.deps;
    const deps = { ...context.deps, runtime: watched(runtime, reach), agentd: watched(agentd, reach) };
    reach("before");
    await execute(step, { ...context, deps });
    reach("after");
  };
}

/** The part, with the moment after each thing that it does. */
function watched<Part extends object>(part: Part, reach: (moment: Moment) => void): Part {
  return new Proxy(part, {
    get(target, name) {
      const call: unknown = Reflect.get(target, name);
      if (typeof call !== "function") return call;
      return async (...args: unknown[]) => {
        const answer: unknown = await Reflect.apply(call, target, args);
        reach("amid");
        return answer;
      };
    },
  });
}

function passOrDie(agentId: string, step: AgentStep, moment: Moment): void {
  const plan = JSON.parse(readFileSync(join(folder, "plan.json"), "utf8")) as KillPlan;
  const path = plan.walks[agentId]?.path;
  if (path === undefined) return;
  const death = chooseDeath(plan, agentId, step, moment);
  const told = { agentId, path, step: step.step, label: labelOf(step), moment };
  appendFileSync(join(folder, "reached.jsonl"), `${JSON.stringify(told)}\n`);
  if (death === null) return;
  const last: Death = { ...death, pid: process.pid };
  appendFileSync(join(folder, "deaths.jsonl"), `${JSON.stringify(last)}\n`);
  process.kill(process.pid, "SIGKILL");
}
