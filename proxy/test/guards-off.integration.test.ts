import { expect, test } from "vitest";
import { WebSocket } from "ws";
import type { RequestTarget } from "../src/ingress/request-target.ts";
import { ORIGIN, startIngress, type IngressHarness, type TestCustomer } from "./ingress-harness.ts";
import { permissiveGuards, type GuardName } from "./permissive-guards.ts";

/** Each attack fails against the real ingress and succeeds against the same one with the check named here replaced. */
interface Attack {
  guard: GuardName;
  /** True when the attack worked. */
  works: (ingress: IngressHarness, victim: TestCustomer, attacker: TestCustomer) => Promise<boolean>;
}

const ask = async (ingress: IngressHarness, path: string, headers: Record<string, string>) =>
  fetch(`${ingress.url}${path}`, { headers, redirect: "manual" });

const attacks: Attack[] = [
  {
    guard: "session",
    works: async (ingress, victim) => (await ask(ingress, `/a/${victim.userId}/x`, {})).status === 200,
  },
  {
    guard: "ownership",
    works: async (ingress, victim, attacker) =>
      (await ask(ingress, `/a/${victim.userId}/x`, { cookie: attacker.cookie() })).status === 200,
  },
  {
    guard: "origin",
    works: async (ingress, victim) =>
      (await ask(ingress, `/a/${victim.userId}/x`, { cookie: victim.cookie(), origin: "https://evil.example" }))
        .status === 200,
  },
  {
    guard: "socketOrigin",
    works: (ingress, victim) =>
      new Promise((resolve) => {
        const socket = new WebSocket(`ws://127.0.0.1:${ingress.port}/a/${victim.userId}/ws`, {
          origin: "https://evil.example",
          headers: { cookie: victim.cookie() },
        });
        socket.on("open", () => {
          socket.terminate();
          resolve(true);
        });
        socket.on("error", () => resolve(false));
      }),
  },
  {
    guard: "target",
    works: async (ingress, victim) => {
      await ask(ingress, `/a/${victim.userId}/_automna/status`, { cookie: victim.cookie() });
      return victim.backend.seen.some(({ url }) => url === "/_automna/status");
    },
  },
  {
    guard: "browser",
    works: async (ingress, victim) =>
      (
        await ask(ingress, `/a/${victim.userId}/x`, {
          cookie: victim.cookie(),
          "sec-fetch-dest": "script",
          "sec-fetch-site": "same-origin",
        })
      ).status === 200,
  },
  {
    guard: "requestHeaders",
    works: async (ingress, victim) => {
      await ask(ingress, `/a/${victim.userId}/x`, { cookie: victim.cookie(), origin: ORIGIN });
      return victim.backend.seen.some(({ headers }) => headers["cookie"]?.includes("__session") ?? false);
    },
  },
  {
    guard: "backendProof",
    works: async (ingress, victim, attacker) => {
      victim.record.port = attacker.backend.port;
      await ask(ingress, `/a/${victim.userId}/x`, { cookie: victim.cookie() });
      return attacker.backend.seen.some(({ headers }) => headers["x-automna-internal"] !== undefined);
    },
  },
];

const run = async (attack: Attack, replaced: GuardName | null) => {
  await using ingress = await startIngress(
    replaced === null ? undefined : (guards) => ({ ...guards, [replaced]: permissiveGuards[replaced] }),
  );
  const victim = await ingress.addCustomer({ isOpen: true });
  const attacker = await ingress.addCustomer({ isOpen: true });
  return await attack.works(ingress, victim, attacker);
};

test.each(attacks)("what the $guard check refuses works without it, and only without it", async (attack) => {
  expect(await run(attack, attack.guard)).toBe(true);
  expect(await run(attack, null)).toBe(false);
});

test("a permissive target still says whose agent is meant", () => {
  const target: RequestTarget = permissiveGuards.target("/a/user_12345678/../x?y");
  expect(target).toEqual({ userId: "user_12345678", rest: "/../x?y", path: "/../x" });
});
