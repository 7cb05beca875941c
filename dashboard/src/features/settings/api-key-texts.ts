import type { ApiKeyView } from "@automna/contract/api-keys";
import type { ApiKeyScope } from "@automna/core/api-keys/api-key-state";

/** What each scope lets a program do, in a person's words. */
export const scopeTexts: Record<ApiKeyScope, { label: string; description: string }> = {
  "agents:read": { label: "See your agent", description: "Its name, state and progress." },
  "agents:write": { label: "Control your agent", description: "Start, stop and restart it." },
  "credits:read": { label: "See credits", description: "The balance and the statement." },
  chat: { label: "Chat", description: "Write to your agent and read its answers." },
};

/** "Chat, See credits" */
export function scopesSentence(scopes: readonly ApiKeyScope[]): string {
  return scopes.map((scope) => scopeTexts[scope].label).join(", ");
}

/** When a key ends, as one reads it in a list. */
export function expirySentence({ expiresAtMs }: Pick<ApiKeyView, "expiresAtMs">, nowMs: number): string {
  if (expiresAtMs === null) return "Does not expire";
  const day = new Date(expiresAtMs).toLocaleDateString(undefined, { dateStyle: "medium" });
  return expiresAtMs <= nowMs ? `Expired on ${day}` : `Expires on ${day}`;
}
