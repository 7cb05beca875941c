import { agentdPaths, agentdStatusSchema, type ClaimRequest, type PrepareRequest } from "@automna/contract/agentd";
import { appError } from "@automna/contract/error-catalogue";
import { INTERNAL_HEADER } from "@automna/contract/headers";
import type { ObservedAgentd } from "@automna/core/agents/observed-slot";
import { AppError } from "@automna/core/shared/app-error";
import { request, type Dispatcher } from "undici";

export interface AgentdAddress {
  slotId: string;
  host: string;
  port: number;
  controlKey: string;
}

export interface AgentdClient {
  /** What agentd says of itself. Anybody else on its port, and nobody, are `silent`. */
  observe: (address: AgentdAddress, signal: AbortSignal) => Promise<ObservedAgentd>;
  /** Hands over identity and configuration. Throws `slot_claimed` when the slot serves another agent. */
  claim: (address: AgentdAddress, claim: ClaimRequest, signal: AbortSignal) => Promise<void>;
  /** Has the gateway come up before the slot is anybody's. Throws `slot_claimed` when it is. */
  prepare: (address: AgentdAddress, needs: PrepareRequest, signal: AbortSignal) => Promise<void>;
}

/** agentd answers in a millisecond; beside a booting gateway on a busy machine it was seen to take a second. */
const STATUS_TIMEOUT_MS = 4_000;
/** A busy agentd is asked again before it counts as silent: silence takes the agent out of service. */
const STATUS_ATTEMPTS = 2;
const CLAIM_TIMEOUT_MS = 20_000;

/** Speaks to agentd's control paths over `dispatcher`. */
export function makeAgentdClient(dispatcher: Dispatcher): AgentdClient {
  const put = async (
    address: AgentdAddress,
    { path, body: asked }: { path: string; body: object },
    signal: AbortSignal,
  ) => {
    const { statusCode, body } = await request(urlOf(address, path), {
      dispatcher,
      method: "PUT",
      headers: { [INTERNAL_HEADER]: address.controlKey, "content-type": "application/json" },
      body: JSON.stringify(asked),
      signal: AbortSignal.any([signal, AbortSignal.timeout(CLAIM_TIMEOUT_MS)]),
    });
    await body.dump();
    if (statusCode === 409) throw appError("slot_claimed");
    if (statusCode !== 200)
      throw new AppError("claim_failed", "transient", `agentd answered ${path} with ${statusCode}`);
  };
  return {
    async observe(address, signal) {
      for (let attempt = 1; ; attempt += 1) {
        const answer = await askStatus(dispatcher, address, signal);
        signal.throwIfAborted();
        if (answer !== "too_slow") return answer;
        if (attempt === STATUS_ATTEMPTS) return { kind: "silent" };
      }
    },
    claim: (address, claim, signal) => put(address, { path: agentdPaths.claim, body: claim }, signal),
    prepare: (address, needs, signal) => put(address, { path: agentdPaths.prepare, body: needs }, signal),
  };
}

async function askStatus(
  dispatcher: Dispatcher,
  address: AgentdAddress,
  signal: AbortSignal,
): Promise<ObservedAgentd | "too_slow"> {
  const tooSlow = AbortSignal.timeout(STATUS_TIMEOUT_MS);
  let text: string;
  try {
    const { statusCode, body } = await request(urlOf(address, agentdPaths.status), {
      dispatcher,
      headers: { [INTERNAL_HEADER]: address.controlKey },
      signal: AbortSignal.any([signal, tooSlow]),
    });
    text = await body.text();
    if (statusCode !== 200) return { kind: "silent" };
  } catch {
    // A refused connection and one that breaks are both what `silent` means; only slowness deserves another try.
    return tooSlow.aborted ? "too_slow" : { kind: "silent" };
  }
  return parseStatus(text, address.slotId);
}

/** A status that is not agentd's, or another slot's, is a stranger's answer. */
export function parseStatus(text: string, slotId: string): ObservedAgentd {
  const status = agentdStatusSchema.safeParse(parseJson(text));
  if (!status.success || status.data.slotId !== slotId) return { kind: "silent" };
  const { agentId, claimHash, gateway } = status.data;
  return { kind: "answering", agentId, claimHash, gateway: gateway.state };
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}

function urlOf({ host, port }: AgentdAddress, path: string): string {
  return `http://${host.includes(":") ? `[${host}]` : host}:${port}${path}`;
}
