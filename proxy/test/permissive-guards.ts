import type { IngressGuards } from "../src/ingress/guards.ts";

/** For each check of ingress a stand-in that lets everything through: unsafe controls for attacks, used nowhere else. */
export const permissiveGuards = {
  framing: () => undefined,
  target(raw) {
    const [, userId = "", rest = ""] = /^\/a\/([^/?]*)(.*)$/.exec(raw) ?? [];
    return { userId, rest: rest === "" ? "/" : rest, path: rest.split("?", 1)[0] ?? "/" };
  },
  browser: () => ({ kind: "forward" }),
  origin: () => undefined,
  socketOrigin: () => undefined,
  session: async (_request, target) => ({ userId: target.userId, sessionId: "none", tokenIssuedAtS: 0 }),
  ownership: () => undefined,
  requestHeaders(request, own) {
    const kept = request.rawHeaders.map((part, index) => (index % 2 === 0 ? part.toLowerCase() : part));
    const isFraming = (name: string | undefined) =>
      name === "host" ||
      name === "connection" ||
      name === "content-length" ||
      name === "upgrade" ||
      name === "transfer-encoding";
    const passed = kept.filter(
      (_, index) => !isFraming(kept[index - (index % 2)]) && !kept[index - (index % 2)]?.startsWith("sec-websocket"),
    );
    return [...passed, "x-automna-internal", own.ingressKey, "x-automna-user", own.userId];
  },
  backendProof: async () => undefined,
} as const satisfies IngressGuards;

export type GuardName = keyof IngressGuards;
