import pg from "pg";
import { notifyCatalogue, type NotifyChannel, type NotifyPayload } from "@automna/contract/events";
import type { Logger } from "./log.ts";

export interface NotifyListener {
  /** Calls back for each payload of a channel; returns how to stop that. */
  on: <Channel extends NotifyChannel>(
    channel: Channel,
    handle: (payload: NotifyPayload<Channel>) => void,
  ) => () => void;
  /** Calls back after each (re)connect: what was cached may be stale, notifications may have been missed. */
  onReconnect: (handle: () => void) => () => void;
  /** True while notifications arrive: connected, and listening on every channel. */
  isConnected: () => boolean;
  close: () => Promise<void>;
}

const RECONNECT_MS = 500;
/** A dead peer is noticed by a failing query, not by silence. */
const PROBE_MS = 10_000;

/** Listens on every channel of the catalogue over one connection of its own and keeps it up. */
export function makeNotifyListener(connectionString: string, log: Logger): NotifyListener {
  const handlers = new Map<NotifyChannel, Set<(payload: never) => void>>();
  const reconnectHandlers = new Set<() => void>();
  let client: pg.Client | null = null;
  /** Only from LISTEN to the loss: while a connection is being made, nothing is heard. */
  let isListening = false;
  let isClosed = false;
  let retry: NodeJS.Timeout | null = null;
  let probe: NodeJS.Timeout | null = null;

  const dispatch = (channel: string, text: string | undefined) => {
    if (!isChannel(channel)) return;
    const payload = notifyCatalogue[channel].safeParse(parseJson(text));
    if (!payload.success) {
      log.warn({ channel }, "notification of an unknown form");
      return;
    }
    for (const handle of handlers.get(channel) ?? []) handle(payload.data as never);
  };

  const lost = (lostClient: pg.Client, error?: Error) => {
    if (client !== lostClient || isClosed) return;
    client = null;
    isListening = false;
    log.warn({ err: error }, "lost the notification connection");
    lostClient.end().catch(() => undefined);
    retry = setTimeout(connect, RECONNECT_MS);
  };

  const connect = () => {
    const next = new pg.Client({
      connectionString,
      keepAlive: true,
      connectionTimeoutMillis: 5_000,
      query_timeout: 5_000,
    });
    client = next;
    next.on("error", (error) => lost(next, error));
    next.on("end", () => lost(next));
    next.on("notification", ({ channel, payload }) => dispatch(channel, payload));
    void listen(next);
  };

  const listen = async (next: pg.Client) => {
    try {
      await next.connect();
      for (const channel of Object.keys(notifyCatalogue)) await next.query(`LISTEN ${channel}`);
      isListening = client === next;
      for (const handle of reconnectHandlers) handle();
    } catch (error) {
      lost(next, error instanceof Error ? error : new Error(String(error)));
    }
  };

  probe = setInterval(() => {
    const probed = client;
    probed?.query("SELECT 1").catch((error: Error) => lost(probed, error));
  }, PROBE_MS);
  connect();

  return {
    on(channel, handle) {
      const set = handlers.get(channel) ?? new Set();
      handlers.set(channel, set);
      set.add(handle);
      return () => set.delete(handle);
    },
    onReconnect(handle) {
      reconnectHandlers.add(handle);
      return () => reconnectHandlers.delete(handle);
    },
    isConnected: () => isListening,
    async close() {
      isClosed = true;
      if (retry !== null) clearTimeout(retry);
      if (probe !== null) clearInterval(probe);
      await client?.end().catch(() => undefined);
    },
  };
}

function isChannel(name: string): name is NotifyChannel {
  return Object.hasOwn(notifyCatalogue, name);
}

function parseJson(text: string | undefined): unknown {
  try {
    return JSON.parse(text ?? "null");
  } catch {
    return null;
  }
}
