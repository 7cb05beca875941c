import { appError } from "@automna/contract/error-catalogue";
import type { AgentPhase } from "@automna/core/agents/agent-phase";
import type { AppError } from "@automna/core/shared/app-error";
import type { RouteRecord } from "@automna/records/routes";
import { unseal, type KeyRing } from "@automna/service-kit/secret-box";
import { z } from "zod";
import { phaseAnswer, unavailable, type Outlook } from "./phase-answers.ts";

/** Where an agent answers, and the two keys between it and us. */
export interface Backend {
  /** Names this address under these keys; another slot or generation is another backend. */
  id: string;
  host: string;
  port: number;
  slotId: string;
  keyGeneration: number;
  agentId: string;
  ingressKey: string;
  proofKey: string;
}

export interface Route {
  userId: string;
  agentId: string;
  phase: AgentPhase;
  userState: RouteRecord["userState"];
  backend: Backend | null;
}

const ingressKeysSchema = z.object({ ingress: z.string().min(1), proof: z.string().min(1) });

/** Opens the backend's keys. Throws `envelope_unreadable`. */
export function openRoute(record: RouteRecord, ring: KeyRing): Route {
  const { userId, agentId, phase, userState, backend } = record;
  return { userId, agentId, phase, userState, backend: backend === null ? null : openBackend(backend, agentId, ring) };
}

function openBackend(backend: NonNullable<RouteRecord["backend"]>, agentId: string, ring: KeyRing): Backend {
  const { host, port, slotId, keyGeneration, ingressKeyEnvelope } = backend;
  const plain = unseal(ring, ingressKeyEnvelope, { owner: slotId, kind: "slot_ingress_keys" });
  const keys = ingressKeysSchema.safeParse(parseJson(plain.toString("utf8")));
  if (!keys.success) throw appError("envelope_unreadable");
  const { ingress: ingressKey, proof: proofKey } = keys.data;
  const id = `${slotId}.${keyGeneration}.${agentId}@${host}:${port}`;
  return { id, host, port, slotId, keyGeneration, agentId, ingressKey, proofKey };
}

/** Whether there is a backend to forward to; else what the caller gets instead, and whether waiting is worth it. */
export type Readiness =
  | { isReady: true; backend: Backend }
  | { isReady: false; error: AppError; outlook: Outlook; route: Route | null };

export function judgeRoute(route: Route | null): Readiness {
  if (route === null) return { isReady: false, error: appError("agent_not_found"), outlook: "over", route };
  if (route.userState !== "active") return { isReady: false, error: appError("forbidden"), outlook: "over", route };
  const answer = phaseAnswer(route.phase);
  if (answer !== null) return { isReady: false, ...answer, route };
  if (route.backend === null) return { isReady: false, error: unavailable(), outlook: "coming", route };
  return { isReady: true, backend: route.backend };
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}
