import { setTimeout as sleep } from "node:timers/promises";
import type { Logger } from "@automna/service-kit/log";
import { Pool } from "undici";
import { z } from "zod";
import { KEEPER_CONTAINER, keeperContainer, SPEC_LABEL, type KeeperPlace } from "./keeper-container.ts";

export type KeeperWish = Omit<KeeperPlace, "image" | "address">;

export interface KeptContainer {
  /** Ends nodekeeper and removes its container. */
  stop: () => Promise<void>;
}

const LOOK_EVERY_MS = 3_000;
const API = "/v1.41";
const ANSWER_TIMEOUT_MS = 60_000;

const infoSchema = z.object({ Swarm: z.object({ NodeAddr: z.string().min(1) }) });
const containerSchema = z.object({
  Image: z.string(),
  State: z.object({ Running: z.boolean() }),
  Config: z.object({ Labels: z.record(z.string(), z.string()).nullable() }),
});

/**
 * Sees that this node's nodekeeper runs, made from `wish` and from the image that we run from ourselves (so an update of the
 * service is an update of it), listening on the address that Swarm knows the node by.
 */
export function keepRunning({
  wish,
  ownContainer,
  socketPath,
  log,
}: {
  wish: KeeperWish;
  ownContainer: string;
  socketPath: string;
  log: Logger;
}): KeptContainer {
  const engine = new Pool("http://engine", {
    connections: 1,
    headersTimeout: ANSWER_TIMEOUT_MS,
    connect: { socketPath },
  });
  const stopped = new AbortController();

  const ask = async (method: "GET" | "POST" | "DELETE", path: string, body?: unknown): Promise<unknown> => {
    const answer = await engine.request({
      method,
      path: `${API}${path}`,
      ...(body === undefined ? {} : { body: JSON.stringify(body), headers: { "content-type": "application/json" } }),
    });
    const text = await answer.body.text();
    if (answer.statusCode === 404) return null;
    // 304: it is so already. 409: another look will tell.
    if (answer.statusCode < 300 || [304, 409].includes(answer.statusCode)) return text === "" ? {} : JSON.parse(text);
    throw new Error(`${method} ${path} was answered with ${answer.statusCode}: ${text}`);
  };
  const container = async (name: string) => {
    const found = await ask("GET", `/containers/${name}/json`);
    return found === null ? null : containerSchema.parse(found);
  };

  const remove = async () => {
    await ask("POST", `/containers/${KEEPER_CONTAINER}/stop`);
    await ask("DELETE", `/containers/${KEEPER_CONTAINER}`);
  };

  const look = async () => {
    const own = await container(ownContainer);
    if (own === null) throw new Error(`the engine does not know our own container ${ownContainer}`);
    const { Swarm } = infoSchema.parse(await ask("GET", "/info"));
    const wanted = keeperContainer({ ...wish, image: own.Image, address: Swarm.NodeAddr });
    const found = await container(KEEPER_CONTAINER);
    if (found?.Config.Labels?.[SPEC_LABEL] === wanted.Labels[SPEC_LABEL]) {
      if (!found.State.Running) await ask("POST", `/containers/${KEEPER_CONTAINER}/start`);
      return;
    }
    // Stop first: two would work on the same volumes.
    if (found !== null) await remove();
    await ask("POST", `/containers/create?name=${KEEPER_CONTAINER}`, wanted);
    await ask("POST", `/containers/${KEEPER_CONTAINER}/start`);
    log.info({ image: own.Image }, "nodekeeper was started");
  };

  const looking = (async () => {
    while (!stopped.signal.aborted) {
      await look().catch((error: unknown) =>
        log.error({ err: error }, "nodekeeper could not be started; trying again"),
      );
      await sleep(LOOK_EVERY_MS, undefined, { signal: stopped.signal }).catch(() => undefined);
    }
  })();

  return {
    async stop() {
      stopped.abort();
      await looking;
      await remove();
      await engine.close();
    },
  };
}
