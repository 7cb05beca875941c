import { isAppError } from "@automna/core/shared/app-error";
import { appError } from "@automna/contract/error-catalogue";
import type { NotifyListener } from "@automna/service-kit/notify";
import type { SessionCaller } from "../identity/caller.ts";
import type { Guards } from "../identity/guards.ts";
import { makeAgentStream, type AgentStream, type AgentStreamDeps, type AgentStreamRequest } from "./agent-stream.ts";

export interface AgentStreamsDeps extends AgentStreamDeps {
  guards: Pick<Guards, "checkSession">;
  listener: Pick<NotifyListener, "on" | "onReconnect">;
}

export interface AgentStreams {
  /** Takes over the response. Throws `too_many_requests` when the user has too many open. */
  open: (wish: AgentStreamRequest & { caller: SessionCaller }) => void;
  closeAll: () => void;
  count: () => number;
}

/** More than any person's tabs; each costs two small queries per change of its agent. */
const MAX_STREAMS_PER_USER = 12;

interface OpenStream {
  agentId: string;
  caller: SessionCaller;
  stream: AgentStream;
}

/** All open streams of agents' state, woken by the service's one notification connection. */
export function makeAgentStreams(deps: AgentStreamsDeps): AgentStreams {
  const { listener, guards, now } = deps;
  const open = new Set<OpenStream>();
  const each = (matches: (entry: OpenStream) => boolean, act: (entry: OpenStream) => void) => {
    for (const entry of open) if (matches(entry)) act(entry);
  };
  const recheck = ({ caller, stream }: OpenStream) => {
    guards.checkSession(caller.claims).catch((error: unknown) => {
      // A database that is away says nothing about the session; the token's own end is near in any case.
      if (isAppError(error)) stream.close();
    });
  };
  listener.on("agent_changed", ({ agentId }) =>
    each(
      (entry) => entry.agentId === agentId,
      ({ stream }) => stream.wake(),
    ),
  );
  listener.on("session_ended", ({ sessionId }) =>
    each(
      ({ caller }) => caller.sessionId === sessionId,
      ({ stream }) => stream.close(),
    ),
  );
  listener.on("user_changed", ({ userId }) => each(({ caller }) => caller.userId === userId, recheck));
  // Whatever was announced in between was missed.
  listener.onReconnect(() => {
    each(
      () => true,
      ({ stream }) => stream.wake(),
    );
    each(() => true, recheck);
  });

  return {
    open({ caller, ...wish }) {
      // The client left while we looked it up: its "close" has been, nobody would clean up.
      if (wish.response.destroyed) return;
      const own = [...open].filter((entry) => entry.caller.userId === caller.userId);
      if (own.length >= MAX_STREAMS_PER_USER) throw appError("too_many_requests");
      const entry = { agentId: wish.agentId, caller, stream: makeAgentStream(deps, wish) };
      open.add(entry);
      const expiry = setTimeout(() => entry.stream.close(), Math.max(0, caller.expiresAtMs - now()));
      wish.response.once("close", () => {
        clearTimeout(expiry);
        open.delete(entry);
      });
      entry.stream.wake();
    },
    closeAll: () =>
      each(
        () => true,
        ({ stream }) => stream.close(),
      ),
    count: () => open.size,
  };
}
