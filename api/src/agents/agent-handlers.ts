import type { AgentAction } from "@automna/core/agents/agent-abilities";
import type { Clock } from "@automna/core/shared/clock";
import type { Tier } from "@automna/core/tiers/catalogue";
import type { AgentAnswer, AgentView } from "@automna/contract/agents";
import { appError } from "@automna/contract/error-catalogue";
import {
  changeDesired,
  changeModelSource,
  createAgent,
  findAgent,
  listAgentsOfUser,
  type AgentRecord,
} from "@automna/records/agents";
import { appendAudit } from "@automna/records/audit";
import type { Database, Transaction } from "@automna/records/database";
import { newId } from "@automna/service-kit/new-id";
import type { Call, Handlers } from "../http/routes.ts";
import type { Guards } from "../identity/guards.ts";
import { hasModelKey } from "../key/model-keys.ts";
import { assertServed } from "./assert-served.ts";
import { decideWish, wishedState } from "./agent-wish.ts";
import type { AgentStreams } from "./agent-streams.ts";
import { toAgentView } from "./to-agent-view.ts";

export interface AgentHandlerDeps {
  db: Database;
  guards: Pick<Guards, "checkOwnership">;
  streams: Pick<AgentStreams, "open">;
  hint: (agentId: string) => Promise<void>;
  limitDeploy: (userId: string) => void;
  /** Plan of those who pay nothing; null = plans are bought. */
  freeTier: Tier | null;
  now: Clock;
}

type AgentHandlers = Pick<
  Handlers,
  | "listAgents"
  | "deployAgent"
  | "getAgent"
  | "stopAgent"
  | "startAgent"
  | "restartAgent"
  | "chooseModel"
  | "deleteAgent"
  | "agentEvents"
>;

export function makeAgentHandlers(deps: AgentHandlerDeps): AgentHandlers {
  const { db, streams, now } = deps;
  return {
    async listAgents({ caller }) {
      const agents = await listAgentsOfUser(db, caller.userId);
      return { agents: agents.map((agent) => toAgentView(agent, now())) };
    },
    deployAgent: async (call) => ({ agent: await deploy(deps, call) }),
    getAgent: async (call) => ({ agent: toAgentView(await findOwnAgent(deps, call), now()) }),
    stopAgent: (call) => perform(deps, "stop", call),
    startAgent: (call) => perform(deps, "start", call),
    restartAgent: (call) => perform(deps, "restart", call),
    chooseModel: (call) => chooseModel(deps, call),
    deleteAgent: (call) => perform(deps, "delete", call),
    async agentEvents(call) {
      const agent = await findOwnAgent(deps, call);
      streams.open({
        agentId: agent.id,
        caller: call.caller,
        request: call.request,
        response: call.response,
        log: call.log,
      });
    },
  };
}

type AgentCall = Pick<Call<"getAgent">, "params" | "caller">;

/** The agent of the path. Throws `agent_not_found` unless it is the caller's. */
async function findOwnAgent({ db, guards }: AgentHandlerDeps, { params, caller }: AgentCall): Promise<AgentRecord> {
  return guards.checkOwnership(caller.userId, await findAgent(db, params.agentId));
}

async function deploy(deps: AgentHandlerDeps, { body, caller }: Call<"deployAgent">): Promise<AgentView> {
  const { db, freeTier, now } = deps;
  const { userId } = caller;
  deps.limitDeploy(userId);
  const [existing] = await listAgentsOfUser(db, userId);
  if (existing === undefined && body.modelSource === "byok" && !(await hasModelKey(db, userId)))
    throw appError("key_missing");
  const tier = (tx: Transaction) => assertServed(tx, userId, freeTier);
  const { agent } = await createAgent(db, { id: newId("agt"), userId, tier, ...body }, (tx, created) =>
    appendAudit(tx, {
      userId,
      action: "agent.deploy",
      subject: created.id,
      data: { modelSource: created.modelSource },
    }),
  );
  // The agent before it is still on its way out: answering it as the new one would be a lie.
  if (agent.desired === "deleted") throw appError("agent_action_not_possible", { details: { phase: agent.phase } });
  await deps.hint(agent.id);
  return toAgentView(agent, now());
}

async function perform(deps: AgentHandlerDeps, action: AgentAction, call: AgentCall): Promise<AgentAnswer> {
  const { db, guards, freeTier, now } = deps;
  const { userId, keyId } = call.caller;
  const found = await findOwnAgent(deps, call);
  const changed = await changeDesired(db, {
    agentId: found.id,
    desired: wishedState[action],
    isRestart: action === "restart",
    async assertAllowed(tx) {
      if (wishedState[action] === "running") await assertServed(tx, userId, freeTier);
    },
    isAlready: (agent) => decideWish(action, agent) === "already",
    assertPossible(agent) {
      guards.checkOwnership(userId, agent);
      if (decideWish(action, agent) === "refused") {
        throw appError("agent_action_not_possible", { details: { action, phase: agent.phase } });
      }
    },
    onChange: (tx, agent) =>
      appendAudit(tx, { userId, action: `agent.${action}`, subject: agent.id, data: keyId === null ? {} : { keyId } }),
  });
  await deps.hint(changed.id);
  return { agent: toAgentView(changed, now()) };
}

/** Needs no hint: nothing about the agent's place changes, and egress hears of it by the announcement. */
async function chooseModel(deps: AgentHandlerDeps, call: Call<"chooseModel">): Promise<AgentAnswer> {
  const { db, guards, now } = deps;
  const { userId } = call.caller;
  const { modelSource } = call.body;
  const found = await findOwnAgent(deps, call);
  const changed = await changeModelSource(db, {
    agentId: found.id,
    modelSource,
    async assertPossible(tx, agent) {
      guards.checkOwnership(userId, agent);
      if (agent.desired === "deleted") throw appError("agent_action_not_possible", { details: { phase: agent.phase } });
      if (modelSource === "byok" && !(await hasModelKey(tx, agent.userId))) throw appError("key_missing");
    },
    onChange: (tx, agent) =>
      appendAudit(tx, { userId, action: "agent.choose_model", subject: agent.id, data: { modelSource } }),
  });
  return { agent: toAgentView(changed, now()) };
}
