/** The model calls that pass (design D7). Everything else of the provider's API stays out of agents' reach. */
export type ModelEndpoint = "messages" | "count_tokens" | "list_models" | "get_model";

export interface ModelCall {
  endpoint: ModelEndpoint;
  /** Path and query as they go to the provider. */
  target: string;
  modelId: string | null;
}

const TARGET = /^(\/v1\/[\w\-./:]+)(\?[\w\-=&%.]*)?$/;
const MODEL = /^\/v1\/models\/([\w\-.:]{1,128})$/;

/** Reads method and target; null = not allowed. Any other spelling of a path is another path. */
export function parseModelCall(method: string, raw: string): ModelCall | null {
  const path = TARGET.exec(raw)?.[1];
  if (path === undefined || path.includes("..") || path.includes("//")) return null;
  const call = (endpoint: ModelEndpoint, modelId: string | null = null): ModelCall => ({
    endpoint,
    target: raw,
    modelId,
  });
  if (method === "POST" && path === "/v1/messages") return call("messages");
  if (method === "POST" && path === "/v1/messages/count_tokens") return call("count_tokens");
  if (method === "GET" && path === "/v1/models") return call("list_models");
  const modelId = method === "GET" ? MODEL.exec(path)?.[1] : undefined;
  return modelId === undefined ? null : call("get_model", modelId);
}
