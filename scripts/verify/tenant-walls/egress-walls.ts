import { EGRESS_HEADER } from "@automna/contract/headers";
import { formatEgressCredential } from "@automna/service-kit/slot-keys";
import type { WallAttempt } from "../steps/walls/attempt.ts";
import { execIn } from "../steps/walls/shell.ts";
import { keyOf, type Place, type Tenant } from "./place.ts";

const MESSAGE = JSON.stringify({
  model: "claude-sonnet-4-5",
  max_tokens: 10,
  messages: [{ role: "user", content: "Hi" }],
});

/** A's shell at egress, which agents reach: at B's expense. The control has B's own key, without which nothing tells the two apart. */
export function egressAttempts({ installation, attacker, neighbour }: Place): WallAttempt[] {
  const { fake, egressUrl } = installation;
  const call = (credential: string) =>
    execIn(attacker, {
      user: 10_002,
      script: `curl -sS --max-time 20 -H 'anthropic-version: 2023-06-01' -H 'content-type: application/json' -H '${EGRESS_HEADER}: ${credential}' -d '${MESSAGE}' ${egressUrl}/v1/messages`,
    }).then(({ said }) => said);
  const credentialOf = (slot: Tenant, key: string) => formatEgressCredential(slot.slotId, slot.generation, key);
  const tries: readonly [string, string][] = [
    ["with its own key in B's name", credentialOf(neighbour, keyOf(attacker, "egress"))],
    ["with a made-up key in B's name", credentialOf(neighbour, "A".repeat(43))],
    ["with B's key for the proxy", credentialOf(neighbour, keyOf(neighbour, "ingress"))],
    ["without a key", "x"],
  ];
  return tries.map(([how, credential]) => ({
    name: `A's shell asks the model at B's expense ${how}`,
    guard: "the slot's own egress key",
    withoutGuard: () => call(credentialOf(neighbour, keyOf(neighbour, "egress"))),
    withGuard: () => call(credential),
    proves: (said) => said.includes(fake.nonce),
  }));
}
