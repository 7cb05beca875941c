import {
  FENCING_HEADER,
  nodekeeperRoutes,
  type NodekeeperRouteName,
  type RouteAnswer,
  type RouteBody,
  type RouteQuery,
} from "@automna/contract/nodekeeper";
import { appError } from "@automna/contract/error-catalogue";
import { MINUTE_MS, SECOND_MS } from "@automna/core/shared/clock";
import type { Dispatcher } from "undici";
import { keeperError, unreachable } from "./keeper-errors.ts";
import type { KeeperNode, KeeperPools } from "./keeper-pools.ts";
import { withoutStandstill } from "./without-standstill.ts";

export interface KeeperAsk<Name extends NodekeeperRouteName> {
  slotId?: string;
  snapshot?: string;
  body?: RouteBody<Name>;
  query?: RouteQuery<Name>;
  /** Of the caller's lease; every route that changes something wants it. */
  fencing?: bigint;
  signal: AbortSignal;
}

export interface VolumeTransfer {
  from: { node: KeeperNode; slotId: string; snapshot?: string };
  to: { node: KeeperNode; slotId: string };
  /** Name of the copy, the same for the same content: by it a second call knows that it is done. */
  copy: string;
}

/** Speaks to the nodekeepers of a cell. Errors are AppErrors of the catalogue, which say what to do. */
export interface NodekeeperClient {
  ask: <Name extends JsonRoute>(node: KeeperNode, name: Name, ask: KeeperAsk<Name>) => Promise<RouteAnswer<Name>>;
  /** Streams a volume from one node to another through us, as fast as the slower of them. */
  transfer: (transfer: VolumeTransfer, call: { fencing: bigint; signal: AbortSignal }) => Promise<void>;
}

type JsonRoute = Exclude<NodekeeperRouteName, "send" | "receive">;

const QUICK_MS = 20 * SECOND_MS;
/** Copies gigabytes on one disk. */
const COPYING_MS = 20 * MINUTE_MS;

/** After so long an answer is not waited for; nodekeeper's own work goes on to where it is safe to stop. */
const deadlineMs: Record<JsonRoute, number> = {
  health: 5 * SECOND_MS,
  listSlots: QUICK_MS,
  slot: QUICK_MS,
  createVolume: MINUTE_MS,
  attachVolume: QUICK_MS,
  growVolume: COPYING_MS,
  deleteVolume: MINUTE_MS,
  listSnapshots: QUICK_MS,
  takeSnapshot: COPYING_MS,
  restoreSnapshot: COPYING_MS,
  deleteSnapshot: QUICK_MS,
  // The longest grace that the route takes, and what nodekeeper waits after the kill.
  confirmStop: 90 * SECOND_MS,
  doze: MINUTE_MS,
  wake: QUICK_MS,
};

export function makeNodekeeperClient(pools: KeeperPools): NodekeeperClient {
  const request = async (node: KeeperNode, options: Dispatcher.RequestOptions) => {
    try {
      return await pools.of(node).request({ headersTimeout: 0, ...options });
    } catch (error) {
      throw unreachable(node, error, options.signal);
    }
  };

  return {
    async ask(node, name, { body, fencing, signal, ...target }) {
      const { method, answer } = nodekeeperRoutes[name];
      const { statusCode, body: bytes } = await request(node, {
        method,
        path: pathOf(name, target),
        headers: headersOf(fencing, body),
        ...(body === undefined ? {} : { body: JSON.stringify(body) }),
        signal: AbortSignal.any([signal, AbortSignal.timeout(deadlineMs[name])]),
      });
      const text = await bytes.text().catch((error: unknown) => {
        throw unreachable(node, error, signal);
      });
      if (statusCode !== 200) throw keeperError(node, statusCode, text);
      const parsed = answer.safeParse(parseJson(text));
      if (!parsed.success) throw appError("nodekeeper_outdated", { details: { node: node.name }, cause: parsed.error });
      return parsed.data as RouteAnswer<typeof name>;
    },
    async transfer({ from, to, copy }, { fencing, signal }) {
      const query = from.snapshot === undefined ? {} : { snapshot: from.snapshot };
      const source = await request(from.node, {
        method: nodekeeperRoutes.send.method,
        path: pathOf("send", { slotId: from.slotId, query }),
        signal,
      });
      if (source.statusCode !== 200) throw keeperError(from.node, source.statusCode, await source.body.text());
      const moving = withoutStandstill(source.body, signal);
      try {
        const target = await request(to.node, {
          method: nodekeeperRoutes.receive.method,
          path: pathOf("receive", { slotId: to.slotId, query: { from: from.slotId, copy } }),
          headers: headersOf(fencing, undefined),
          body: moving.bytes,
          signal: moving.signal,
        });
        const text = await target.body.text();
        if (target.statusCode !== 200) throw keeperError(to.node, target.statusCode, text);
      } catch (error) {
        // A source that broke off makes the target's connection fail too; it is the one to name.
        throw moving.sourceError === null ? error : unreachable(from.node, moving.sourceError, signal);
      } finally {
        moving.end();
        source.body.destroy();
      }
    },
  };
}

interface RouteTarget {
  slotId?: string;
  snapshot?: string;
  query?: unknown;
}

/** Only ids and names that the contract's schemas know come here; nodekeeper checks them again. */
export function pathOf(name: NodekeeperRouteName, { slotId = "", snapshot = "", query = {} }: RouteTarget): string {
  const path = nodekeeperRoutes[name].path.replace(":slotId", slotId).replace(":snapshot", snapshot);
  const text = new URLSearchParams(query as Record<string, string>).toString();
  return text === "" ? path : `${path}?${text}`;
}

function headersOf(fencing: bigint | undefined, body: unknown): Record<string, string> {
  return {
    ...(fencing === undefined ? {} : { [FENCING_HEADER]: String(fencing) }),
    ...(body === undefined ? {} : { "content-type": "application/json" }),
  };
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
