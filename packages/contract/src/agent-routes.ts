import { z } from "zod";
import { agentAnswerSchema, agentListSchema, chooseModelSchema, deployAgentSchema } from "./agents.ts";
import type { ApiRoute } from "./api-routes.ts";
import {
  appAnswerSchema,
  appListSchema,
  appNameSchema,
  handleAnswerSchema,
  putAppSchema,
  putHandleSchema,
} from "./apps.ts";

const agentParams = z.object({ agentId: z.string().regex(/^agt_[0-9a-z]{20}$/) });
const appParams = agentParams.extend({ name: appNameSchema });

/** A customer's agents and the apps they show. */
export const agentRoutes = {
  listAgents: {
    method: "get",
    path: "/api/agents",
    summary: "Your agents.",
    access: "session",
    keyScope: "agents:read",
    success: { status: 200, body: agentListSchema },
  },
  deployAgent: {
    method: "post",
    path: "/api/agents",
    summary: "Deploy your agent; the same call again answers the same agent.",
    access: "session",
    body: deployAgentSchema,
    success: { status: 202, body: agentAnswerSchema },
  },
  getAgent: {
    method: "get",
    path: "/api/agents/:agentId",
    summary: "One agent.",
    access: "session",
    keyScope: "agents:read",
    params: agentParams,
    success: { status: 200, body: agentAnswerSchema },
  },
  stopAgent: {
    method: "post",
    path: "/api/agents/:agentId/stop",
    summary: "Stop; files and history stay.",
    access: "session",
    keyScope: "agents:write",
    params: agentParams,
    success: { status: 202, body: agentAnswerSchema },
  },
  startAgent: {
    method: "post",
    path: "/api/agents/:agentId/start",
    summary: "Start a stopped or failed agent.",
    access: "session",
    keyScope: "agents:write",
    params: agentParams,
    success: { status: 202, body: agentAnswerSchema },
  },
  restartAgent: {
    method: "post",
    path: "/api/agents/:agentId/restart",
    summary: "Stop and start.",
    access: "session",
    keyScope: "agents:write",
    params: agentParams,
    success: { status: 202, body: agentAnswerSchema },
  },
  chooseModel: {
    method: "put",
    path: "/api/agents/:agentId/model",
    summary: "Where its answers come from, from the next one on: your key, credits or the demo model.",
    access: "session",
    params: agentParams,
    body: chooseModelSchema,
    success: { status: 200, body: agentAnswerSchema },
  },
  deleteAgent: {
    method: "delete",
    path: "/api/agents/:agentId",
    summary: "Delete the agent with its files and history.",
    access: "session",
    params: agentParams,
    success: { status: 202, body: agentAnswerSchema },
  },
  agentEvents: {
    method: "get",
    path: "/api/agents/:agentId/events",
    summary: "Live state as server-sent events.",
    access: "session",
    params: agentParams,
    success: { status: 200, body: null, contentType: "text/event-stream" },
  },
  listApps: {
    method: "get",
    path: "/api/agents/:agentId/apps",
    summary: "What your agent has published, and where.",
    access: "session",
    params: agentParams,
    success: { status: 200, body: appListSchema },
  },
  putApp: {
    method: "put",
    path: "/api/agents/:agentId/apps/:name",
    summary: "Switch an app on or off, and say who may see it.",
    access: "session",
    params: appParams,
    body: putAppSchema,
    success: { status: 200, body: appAnswerSchema },
  },
  openApp: {
    method: "post",
    path: "/api/agents/:agentId/apps/:name/ticket",
    summary: "An address that lets you, and once, into your private app.",
    access: "session",
    params: appParams,
    success: { status: 200, body: z.object({ url: z.string() }) },
  },
  putHandle: {
    method: "put",
    path: "/api/apps/handle",
    summary: "The name in the addresses of your apps; a former one stays yours.",
    access: "session",
    body: putHandleSchema,
    success: { status: 200, body: handleAnswerSchema },
  },
} as const satisfies Record<string, ApiRoute>;
