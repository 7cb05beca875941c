import type { Readable } from "node:stream";
import { slotLabels } from "@automna/contract/nodekeeper";
import { SECOND_MS } from "@automna/core/shared/clock";
import Docker from "dockerode";
import { z } from "zod";
import { dockerFailure, toOwnError } from "./docker-errors.ts";
import {
  nodeSchema,
  secretSchema,
  serviceSchema,
  taskSchema,
  type EngineNode,
  type EngineSecret,
  type EngineService,
  type EngineTask,
} from "./engine-shapes.ts";

/** With the whole of what it was made from, to be written back changed. */
export type FoundService = EngineService & { spec: ServiceBody };

/** A service in the engine's own words. dockerode's types lag behind the engines, so they are met at one place below. */
export type ServiceBody = Readonly<Record<string, unknown>>;

export interface SecretBody {
  Name: string;
  Labels: Record<string, string>;
  /** Base64. */
  Data: string;
}

/** What we ask of a Swarm's manager, and nothing else: what the socket proxy has to let through. */
export interface SwarmEngine {
  /** Everything with our installation's label. */
  listServices: (signal: AbortSignal) => Promise<EngineService[]>;
  listSecrets: (signal: AbortSignal) => Promise<EngineSecret[]>;
  listTasks: (signal: AbortSignal) => Promise<EngineTask[]>;
  listTasksOf: (serviceName: string, signal: AbortSignal) => Promise<EngineTask[]>;
  listNodes: (signal: AbortSignal) => Promise<EngineNode[]>;
  /** Null = there is none of that name. */
  findService: (name: string, signal: AbortSignal) => Promise<FoundService | null>;
  findSecret: (name: string, signal: AbortSignal) => Promise<EngineSecret | null>;
  /** `taken`: there is one of that name. */
  createService: (spec: ServiceBody, signal: AbortSignal) => Promise<"created" | "taken">;
  /** `outdated`: it is not (any more) what `version` says. */
  updateService: (
    service: { id: string; version: number },
    spec: ServiceBody,
    signal: AbortSignal,
  ) => Promise<"updated" | "outdated">;
  /** One that is not there is fine. */
  removeService: (id: string, signal: AbortSignal) => Promise<void>;
  createSecret: (secret: SecretBody, signal: AbortSignal) => Promise<{ id: string } | "taken">;
  removeSecret: (id: string, signal: AbortSignal) => Promise<void>;
  /** Calls back at each event of the cell until `signal` is aborted or the connection breaks, then resolves. */
  watch: (onEvent: () => void, signal: AbortSignal) => Promise<void>;
}

/** A manager answers in milliseconds, an election takes some seconds. */
const CALL_TIMEOUT_MS = 20 * SECOND_MS;

export interface SwarmEngineOptions {
  docker: Docker;
  installId: string;
}

/** A client for `unix:///path` or `http://host:port`: in production the socket proxy, never the engine itself. */
export function dockerAt(url: string): Docker {
  const { protocol, hostname, port, pathname } = new URL(url);
  if (protocol === "unix:") return new Docker({ socketPath: pathname });
  return new Docker({ protocol: "http", host: hostname, port: Number(port === "" ? 80 : port) });
}

export function makeSwarmEngine({ docker, installId }: SwarmEngineOptions): SwarmEngine {
  const ours = { label: [`${slotLabels.installation}=${installId}`] };

  /** Null where the engine says that there is no such thing; every other failure throws (S3). */
  const ask = async <Answer>(
    doing: string,
    signal: AbortSignal,
    call: (abortSignal: AbortSignal) => Promise<Answer>,
  ): Promise<Answer | null> => {
    const tooSlow = AbortSignal.timeout(CALL_TIMEOUT_MS);
    try {
      return await call(AbortSignal.any([signal, tooSlow]));
    } catch (error) {
      signal.throwIfAborted();
      if (tooSlow.aborted) throw toOwnError(Object.assign(new Error(doing), { code: "ETIMEDOUT" }), doing);
      if (dockerFailure(error) === "not_found") return null;
      throw toOwnError(error, doing);
    }
  };
  const list = async <Item>(
    doing: string,
    item: z.ZodType<Item>,
    signal: AbortSignal,
    call: (abortSignal: AbortSignal) => Promise<unknown>,
  ): Promise<Item[]> => z.array(item).parse((await ask(doing, signal, call)) ?? []);

  return {
    listServices: (signal) =>
      list("list services", serviceSchema, signal, (abortSignal) =>
        docker.listServices({ filters: ours, abortSignal }),
      ),
    listSecrets: (signal) =>
      list("list secrets", secretSchema, signal, (abortSignal) => docker.listSecrets({ filters: ours, abortSignal })),
    listTasks: (signal) =>
      list("list tasks", taskSchema, signal, (abortSignal) => docker.listTasks({ filters: ours, abortSignal })),
    listTasksOf: (serviceName, signal) =>
      list("list tasks", taskSchema, signal, (abortSignal) =>
        docker.listTasks({ filters: { service: [serviceName] }, abortSignal }),
      ),
    listNodes: (signal) => list("list nodes", nodeSchema, signal, (abortSignal) => docker.listNodes({ abortSignal })),
    async findService(name, signal) {
      const found = await ask("inspect a service", signal, (abortSignal) =>
        docker.getService(name).inspect({ abortSignal }),
      );
      return found === null ? null : { ...serviceSchema.parse(found), spec: foundSchema.parse(found).Spec };
    },
    async findSecret(name, signal) {
      // By list: the engine finds secrets by id alone.
      const filters = { name: [name] };
      const found = await list("list secrets", secretSchema, signal, (abortSignal) =>
        docker.listSecrets({ filters, abortSignal }),
      );
      return found.find((secret) => secret.name === name) ?? null;
    },
    createService: (spec, signal) =>
      unlessTaken(async () => {
        // Of one argument dockerode makes an authentication header too.
        await ask("create a service", signal, (abortSignal) =>
          docker.createService(noAuthentication, toServiceOptions(spec, abortSignal)),
        );
        return "created" as const;
      }),
    async updateService({ id, version }, spec, signal) {
      try {
        const answer = await ask("update a service", signal, (abortSignal) =>
          docker.getService(id).update(apart({ version }, spec, abortSignal)),
        );
        return answer === null ? "outdated" : "updated";
      } catch (error) {
        if (dockerFailure(error) === "out_of_sequence") return "outdated";
        throw error;
      }
    },
    async removeService(id, signal) {
      await ask("remove a service", signal, (abortSignal) => docker.getService(id).remove({ abortSignal }));
    },
    createSecret: (secret, signal) =>
      unlessTaken(async () => {
        const made = await ask("create a secret", signal, (abortSignal) =>
          docker.createSecret(apart({}, secret, abortSignal)),
        );
        return { id: z.object({ id: z.string() }).parse(made).id };
      }),
    async removeSecret(id, signal) {
      await ask("remove a secret", signal, (abortSignal) => docker.getSecret(id).remove({ abortSignal }));
    },
    async watch(onEvent, signal) {
      const stream = (await docker.getEvents({
        filters: { type: ["service", "node", "container"] },
        abortSignal: signal,
      })) as Readable;
      for await (const _ of stream) onEvent();
    },
  };
}

// Without it dockerode sends the whole service along as an authentication header.
const noAuthentication = {} as Docker.AuthConfig;

function toServiceOptions(spec: ServiceBody, abortSignal: AbortSignal): Docker.CreateServiceOptions {
  return { ...spec, abortSignal };
}

/**
 * Query and body each for itself: otherwise dockerode writes the whole body into the address too, a secret's value with it. Its
 * types don't know that it can do this.
 */
function apart(query: Readonly<Record<string, unknown>>, body: object, abortSignal: AbortSignal): object {
  return { _query: query, _body: body, abortSignal };
}

/** Whatever is in it: it goes back to where it came from. */
const foundSchema = z.object({ Spec: z.custom<ServiceBody>((spec) => typeof spec === "object") });

async function unlessTaken<Result>(create: () => Promise<Result>): Promise<Result | "taken"> {
  try {
    return await create();
  } catch (error) {
    if (dockerFailure(error) === "conflict") return "taken";
    throw error;
  }
}
