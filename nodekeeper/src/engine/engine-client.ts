import { slotLabels, slotIdSchema } from "@automna/contract/nodekeeper";
import { appError } from "@automna/contract/error-catalogue";
import { Pool } from "undici";
import { z } from "zod";

/** This node's Docker engine, through its local socket; the few calls that we need, on our own slots' containers only. */
export interface EngineClient {
  listContainers: (slotId?: string, signal?: AbortSignal) => Promise<ListedContainer[]>;
  /** Null: it is gone. */
  inspect: (containerId: string, signal?: AbortSignal) => Promise<InspectedContainer | null>;
  pause: (containerId: string, signal: AbortSignal) => Promise<void>;
  unpause: (containerId: string, signal: AbortSignal) => Promise<void>;
  kill: (containerId: string, signal: AbortSignal) => Promise<void>;
  removeContainer: (containerId: string, signal: AbortSignal) => Promise<void>;
  removeVolume: (name: string, signal: AbortSignal) => Promise<void>;
  hasNetwork: (name: string, signal: AbortSignal) => Promise<boolean>;
  /** One of that name may have come meanwhile. */
  createNetwork: (network: Readonly<Record<string, unknown>>, signal: AbortSignal) => Promise<void>;
  close: () => Promise<void>;
}

const listedSchema = z.object({ Id: z.string(), Created: z.number(), Labels: z.record(z.string(), z.string()) });
const inspectedSchema = z.object({
  Id: z.string(),
  State: z.object({
    Running: z.boolean(),
    Paused: z.boolean(),
    OOMKilled: z.boolean(),
    Pid: z.int(),
    ExitCode: z.int(),
    Error: z.string(),
    StartedAt: z.string(),
    FinishedAt: z.string(),
  }),
});
export interface ListedContainer {
  id: string;
  slotId: string;
  createdAt: number;
}
export type InspectedContainer = z.infer<typeof inspectedSchema>;

/** Of engine 20.10, the oldest that we run on. */
const API = "/v1.41";
const namedSchema = z.array(z.object({ Name: z.string() }));
const ANSWER_TIMEOUT_MS = 30_000;
const CONNECTIONS = 8;

export function makeEngineClient({
  socketPath,
  installation,
}: {
  socketPath: string;
  installation: string;
}): EngineClient {
  const pool = new Pool("http://engine", {
    connections: CONNECTIONS,
    headersTimeout: ANSWER_TIMEOUT_MS,
    bodyTimeout: ANSWER_TIMEOUT_MS,
    connect: { socketPath, timeout: 3_000 },
  });

  /** Answers null where the engine says that there is no such thing; throws `engine_unavailable` when it can't be asked. */
  const ask = async (
    method: "GET" | "POST" | "DELETE",
    path: string,
    allowed: readonly number[],
    signal?: AbortSignal,
    sent?: unknown,
  ) => {
    const options = {
      ...(signal === undefined ? {} : { signal }),
      ...(sent === undefined ? {} : { body: JSON.stringify(sent), headers: { "content-type": "application/json" } }),
    };
    const answer = await pool
      .request({ method, path: `${API}${path}`, ...options })
      .then(async ({ statusCode, body }) => ({ statusCode, text: await body.text() }))
      .catch((error: unknown) => {
        signal?.throwIfAborted();
        throw appError("engine_unavailable", { cause: error });
      });
    if (answer.statusCode === 404) return null;
    if (allowed.includes(answer.statusCode)) return answer.text;
    throw appError("engine_unavailable", {
      cause: new Error(`${method} ${path} was answered with ${answer.statusCode}: ${answer.text}`),
    });
  };

  return {
    async listContainers(slotId, signal) {
      const slot = slotId === undefined ? slotLabels.slot : `${slotLabels.slot}=${slotId}`;
      const filters = JSON.stringify({ label: [slot, `${slotLabels.installation}=${installation}`] });
      const text = await ask("GET", `/containers/json?all=1&filters=${encodeURIComponent(filters)}`, [200], signal);
      const listed = z.array(listedSchema).parse(JSON.parse(text ?? "[]"));
      return listed.flatMap(({ Id, Created, Labels }) => {
        const id = slotIdSchema.safeParse(Labels[slotLabels.slot]);
        return id.success ? [{ id: Id, slotId: id.data, createdAt: Created }] : [];
      });
    },
    async inspect(containerId, signal) {
      const text = await ask("GET", `/containers/${containerId}/json`, [200], signal);
      return text === null ? null : inspectedSchema.parse(JSON.parse(text));
    },
    // 409: it is so already, or it does not run; the caller looks again.
    pause: async (id, signal) => void (await ask("POST", `/containers/${id}/pause`, [204, 409], signal)),
    unpause: async (id, signal) => void (await ask("POST", `/containers/${id}/unpause`, [204, 409, 500], signal)),
    kill: async (id, signal) => void (await ask("POST", `/containers/${id}/kill`, [204, 409], signal)),
    removeContainer: async (id, signal) =>
      void (await ask("DELETE", `/containers/${id}?v=0&force=0`, [204, 409], signal)),
    removeVolume: async (name, signal) => void (await ask("DELETE", `/volumes/${name}`, [204], signal)),
    async hasNetwork(name, signal) {
      // The filter takes parts of names.
      const filters = encodeURIComponent(JSON.stringify({ name: [name] }));
      const text = await ask("GET", `/networks?filters=${filters}`, [200], signal);
      return namedSchema.parse(JSON.parse(text ?? "[]")).some((network) => network.Name === name);
    },
    createNetwork: async (network, signal) => void (await ask("POST", "/networks/create", [201, 409], signal, network)),
    close: () => pool.destroy(),
  };
}
