import { readFileSync } from "node:fs";
import { resolve } from "node:path";
import { bindMigrationAwareSqlAdapterFactory } from "@prisma/driver-adapter-utils";
import { EngineConnections } from "./adapter.mjs";
import { createDatabase } from "./databases.mjs";
import { loadSchemaEngine } from "./engine.mjs";

// Methods whose name differs between the native protocol and the WebAssembly class.
const WASM_METHOD_NAMES = { getDatabaseVersion: "version" };
// JSON-RPC's server error range; the CLI reads only `data`.
const ENGINE_ERROR_CODE = 4466;
// Requests that we send must not share an id with those of the CLI.
const OWN_REQUEST_OFFSET = 1_000_000_000;

/** Answers the CLI's requests through `send`; the engine is started by the first request that needs it. */
export function createDispatcher({ datamodels, datasource }, send) {
  const lastPanic = watchPanics();
  let started;
  const start = () => (started ??= startEngine(datamodels, datasource ?? {}));

  async function answer({ id, method, params }) {
    if (method === "createDatabase") {
      const wanted = params.datasource;
      const url = wanted.tag === "ConnectionString" ? wanted.url : datasource?.url;
      return { databaseName: await createDatabase(url) };
    }
    const { engine } = await start();
    const result = await engine[WASM_METHOD_NAMES[method] ?? method](params);
    if (method !== "diff") return result ?? {};
    // The native engine prints a diff through a request of its own.
    const { stdout, ...rest } = result;
    if (stdout != null) {
      send({ id: OWN_REQUEST_OFFSET + id, method: "print", params: { content: stdout.replace(/\n$/, "") } });
    }
    return rest;
  }

  return {
    async handle(request) {
      try {
        send({ id: request.id, result: await answer(request) });
      } catch (thrown) {
        const factory = (await started?.catch(() => undefined))?.factory;
        send({ id: request.id, error: toRpcError(thrown, factory, lastPanic()) });
      }
    },
    async close() {
      const running = await started?.catch(() => undefined);
      running?.engine.free?.();
    },
  };
}

async function startEngine(datamodels, datasource) {
  const SchemaEngine = await loadSchemaEngine();
  const factory = bindMigrationAwareSqlAdapterFactory(new EngineConnections(datasource));
  const files = datamodels.map((path) => [resolve(path), readFileSync(path, "utf8")]);
  const options = { datamodels: files.length > 0 ? files : undefined };
  return { factory, engine: await SchemaEngine.new(options, () => {}, factory) };
}

/** The engine reports panics through a global, as it does for the CLI's own embedder. */
function watchPanics() {
  let message;
  globalThis.PRISMA_WASM_PANIC_REGISTRY = {
    set_message(text) {
      message = `RuntimeError: ${text}`;
    },
  };
  return () => message;
}

function toRpcError(thrown, factory, panicMessage) {
  // Errors of the adapter cross the WebAssembly border as a number.
  const registered = thrown?.id === undefined ? undefined : factory?.errorRegistry.consumeError(thrown.id);
  const error = registered?.error ?? thrown;
  const isPanic = error instanceof WebAssembly.RuntimeError;
  return {
    code: ENGINE_ERROR_CODE,
    message: "An error happened. Check the data field for details.",
    data: {
      is_panic: isPanic,
      message: (isPanic && panicMessage) || (error?.message ?? String(error)),
      error_code: error?.code ?? null,
      meta: error?.meta ?? null,
    },
  };
}
