import { accessSync, constants, existsSync, readFileSync } from "node:fs";
import { spawnSync } from "node:child_process";
import { fileURLToPath } from "node:url";
import { INTERNAL_HEADER } from "@automna/contract/headers";
import { parseEgressCredential } from "@automna/service-kit/slot-keys";
import { newAnthropicKey, startFakeAnthropic, type FakeAnthropic } from "@automna/testkit/fakes/anthropic";
import { gatewayDir } from "@automna/testkit/gateway-dir";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { makeAgentdUnderTest, startTinyEgress, type AgentdUnderTest, type TinyEgress } from "./agentd-under-test.ts";
import { connectChat } from "./chat-client-under-test.ts";

/** Users without an entry in the password file, as the process runtime uses them. */
const UIDS = { agent: 64_101, gateway: 64_102 };
const canUseOwnUsers =
  process.getuid?.() === 0 && canOthersEnter(fileURLToPath(import.meta.url)) && canOthersEnter(process.execPath);

describe("agentd with the real OpenClaw", () => {
  const key = newAnthropicKey();
  let provider: FakeAnthropic;
  let egress: TinyEgress;
  let agentd: AgentdUnderTest;

  beforeAll(async () => {
    accessSync(`${gatewayDir()}/node_modules/openclaw/package.json`, constants.R_OK);
    provider = await startFakeAnthropic({ keys: { [key]: "good" } });
    egress = await startTinyEgress(provider.url, key);
    agentd = makeAgentdUnderTest({
      egressUrls: [egress.url],
      gatewayDir: gatewayDir(),
      ...(canUseOwnUsers ? { uids: UIDS } : {}),
    });
    await agentd.start();
    await agentd.put(agentd.claim);
    const { gateway } = await agentd.waitForState("ready", 240_000);
    console.info(`ready after ${gateway.bootMs} ms`);
  });

  afterAll(async () => {
    await agentd.remove();
    await egress.close();
    await provider.close();
  });

  test("streams the model's answer to a browser client and keeps it in the history", async () => {
    const chat = await connectChat(agentd.url, agentd.keys.ingress);
    const sentMs = Date.now();
    const runId = await chat.send("What is the word?");
    await chat.wait(runId, "delta");
    const firstTokenMs = Date.now() - sentMs;
    const final = await chat.wait(runId, "final");
    console.info(`first token ${firstTokenMs} ms, final ${Date.now() - sentMs} ms`);

    expect(final.message?.content[0]?.text).toContain(provider.nonce);
    expect(chat.events.filter((event) => event.state === "delta").length).toBeGreaterThan(1);
    expect((await chat.history()).map(({ role, runId: of }) => [role, of])).toEqual([
      ["user", undefined],
      ["assistant", runId],
    ]);
    chat.close();
  });

  test("gives the model OpenClaw's prompt with the agent's name and personality, and no first-run ritual", () => {
    const [call] = provider.requests().filter(({ prompt }) => prompt?.model === agentd.claim.model);
    expect(call?.prompt?.system).toContain("OpenClaw");
    expect(call?.body).toContain("You are Nova, the personal assistant");
    expect(call?.body).toContain("Warm and brief.");
    // OpenClaw seeds it for a workspace that nobody has made anybody of.
    expect(existsSync(`${agentd.stateDir}/workspace/BOOTSTRAP.md`)).toBe(false);
  });

  test("calls egress with the slot's credential and never with a key", () => {
    for (const { credential, apiKey } of egress.calls) {
      expect(parseEgressCredential(String(credential))?.slotId).toBe(agentd.slotId);
      expect(apiKey).toBeUndefined();
    }
  });

  test("says of each call which message it is for, its recap included", async () => {
    const chat = await connectChat(agentd.url, agentd.keys.ingress);
    const runs: string[] = [];
    for (const question of ["What is the first word?", "What is the second word?"]) {
      const before = egress.calls.length;
      const runId = await chat.send(question);
      await chat.wait(runId, "final");
      // The recap comes after the answer.
      await expect
        .poll(() => egress.calls.slice(before).filter(({ body }) => body.includes(agentd.claim.utilityModel)).length, {
          timeout: 30_000,
        })
        .toBeGreaterThan(0);
      const told = new Set(egress.calls.slice(before).map(({ run }) => String(run)));
      expect([...told]).toHaveLength(1);
      expect([...told][0]).toContain(runId);
      runs.push(...told);
    }
    expect(new Set(runs).size).toBe(2);
    chat.close();
  });

  test("caps what a customer's socket may do, whatever scopes it claims", async () => {
    const chat = await connectChat(agentd.url, agentd.keys.ingress, {
      "x-openclaw-scopes": "operator.admin",
      "x-automna-owner": "someone",
    });
    expect(chat.scopes.toSorted()).toEqual([
      "operator.approvals",
      "operator.questions",
      "operator.read",
      "operator.write",
    ]);
    await expect(
      chat.request("agents.files.set", { agentId: "main", name: "SOUL.md", content: "mine" }),
    ).rejects.toThrow("FORBIDDEN");
    chat.close();
  });

  test("stops a run that another connection started", async () => {
    provider.setReply(() => ({ text: "one two three four five six seven eight nine ten ".repeat(20), chunkMs: 100 }));
    const first = await connectChat(agentd.url, agentd.keys.ingress);
    const runId = await first.send("Count slowly.");
    await first.wait(runId, "delta");
    first.close();
    const second = await connectChat(agentd.url, agentd.keys.ingress);
    await second.wait(runId, "delta");
    await expect(second.request("chat.abort", { sessionKey: "agent:main:main", runId })).rejects.toThrow(
      "unauthorized",
    );
    const answer = await fetch(`${agentd.url}/agentd/abort`, {
      method: "POST",
      headers: { [INTERNAL_HEADER]: agentd.keys.ingress, "content-type": "application/json" },
      body: JSON.stringify({ sessionKey: "agent:main:main", runId }),
    });
    expect(await answer.json()).toEqual({ aborted: true });
    await second.wait(runId, "aborted");
    second.close();
    provider.setReply(() => `The word is ${provider.nonce}.`);
  });

  test("trusts nobody on loopback who does not know the gate header", async () => {
    const { port, config } = readGatewayConfig(agentd);
    const headers = { "x-automna-owner": "owner", "x-forwarded-for": "192.0.2.1" };
    const probe = (more: Record<string, string>) =>
      fetch(`http://127.0.0.1:${port}/api/users/x/avatar`, { headers: { ...headers, ...more } });
    const [gateHeader = ""] = config.gateway.auth.trustedProxy.requiredHeaders;
    expect([401, 403]).toContain((await probe({})).status);
    expect([401, 403]).not.toContain((await probe({ [gateHeader]: "1" })).status);
  });

  test.runIf(canUseOwnUsers)("runs the gateway as a user that can't read agentd's key or environment", async () => {
    const pids = await agentd.gatewayPids();
    expect(pids.length).toBeGreaterThan(0);
    expect(readFileSync(`/proc/${agentd.pid()}/status`, "utf8")).toMatch(new RegExp(`^Uid:\\t${UIDS.agent}\\t`, "m"));
    const as = (uid: number, path: string) =>
      spawnSync("setpriv", ["--reuid", String(uid), "--regid", String(uid), "--clear-groups", "cat", path]).status;
    for (const path of [agentd.rootKeyFile, `${agentd.runDir}/claim.json`, `/proc/${agentd.pid()}/environ`]) {
      expect(as(UIDS.gateway, path), path).not.toBe(0);
      expect(as(0, path), path).toBe(0);
    }
  });

  test("shows the gateway none of agentd's own environment", async () => {
    for (const pid of await agentd.gatewayPids())
      expect(readFileSync(`/proc/${pid}/environ`, "latin1")).not.toMatch(/AGENTD_/);
  });

  test("has the gateway back by itself after SIGKILL, with what the customer saw", async () => {
    const chat = await connectChat(agentd.url, agentd.keys.ingress);
    const runId = await chat.send("Say the word again.");
    await chat.wait(runId, "final");
    const { gateway } = await agentd.status();
    process.kill(gateway.pid ?? 0, "SIGKILL");
    await chat.closed;
    await agentd.waitForState("starting", 10_000);
    const after = await agentd.waitForState("ready", 240_000);
    expect(after.gateway).toMatchObject({ restarts: 1, lastExit: expect.stringContaining("SIGKILL") });
    const again = await connectChat(agentd.url, agentd.keys.ingress);
    expect((await again.history()).some((row) => row.runId === runId && row.text.includes(provider.nonce))).toBe(true);
    again.close();
  });

  test("goes on with its claim when agentd is killed, and leaves one gateway", async () => {
    const before = await agentd.gatewayPids();
    await agentd.end("SIGKILL");
    await agentd.start();
    const { agentId } = await agentd.waitForState("ready", 240_000);
    expect(agentId).toBe(agentd.claim.agentId);
    const after = await agentd.gatewayPids();
    expect(after.filter((pid) => before.includes(pid))).toEqual([]);
    const chat = await connectChat(agentd.url, agentd.keys.ingress);
    expect((await chat.history()).some((row) => row.text.includes(provider.nonce))).toBe(true);
    chat.close();
  });

  test("leaves no process behind on a clean stop", async () => {
    expect(await agentd.end("SIGTERM")).toBe(0);
    expect(await agentd.gatewayPids()).toEqual([]);
    if (canUseOwnUsers) expect(existsSync(`/tmp/openclaw-state-locks-${UIDS.gateway}`)).toBe(false);
  });
});

interface OpenClawConfig {
  gateway: { port: number; auth: { trustedProxy: { requiredHeaders: string[] } } };
}

function readGatewayConfig(agentd: AgentdUnderTest): { port: number; config: OpenClawConfig } {
  const config = JSON.parse(readFileSync(`${agentd.stateDir}/openclaw.json`, "utf8")) as OpenClawConfig;
  return { port: config.gateway.port, config };
}

/** Whether a user who is nobody in particular may read the file, which needs every folder on the way. */
function canOthersEnter(path: string): boolean {
  return (
    spawnSync("setpriv", ["--reuid", "65533", "--regid", "65533", "--clear-groups", "test", "-r", path]).status === 0
  );
}
