import { once } from "node:events";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { connect } from "node:net";
import { fileURLToPath } from "node:url";
import { agentdStatusSchema, healthSchema } from "@automna/contract/agentd";
import { INTERNAL_HEADER } from "@automna/contract/headers";
import { identityProof } from "@automna/service-kit/slot-keys";
import { newAnthropicKey, startFakeAnthropic, type FakeAnthropic } from "@automna/testkit/fakes/anthropic";
import { afterAll, beforeAll, beforeEach, afterEach, describe, expect, test } from "vitest";
import { makeAgentdUnderTest, startTinyEgress, type AgentdUnderTest, type TinyEgress } from "./agentd-under-test.ts";
import { connectChat } from "./chat-client-under-test.ts";

const STAND_IN = [process.execPath, fileURLToPath(import.meta.resolve("@automna/testkit/stand-in-gateway"))];
const READY_MS = 20_000;

describe("agentd", () => {
  const key = newAnthropicKey();
  let provider: FakeAnthropic;
  let egress: TinyEgress;
  let agentd: AgentdUnderTest;

  beforeAll(async () => {
    provider = await startFakeAnthropic({ keys: { [key]: "good" } });
    egress = await startTinyEgress(provider.url, key);
  });
  afterAll(async () => {
    await egress.close();
    await provider.close();
  });
  beforeEach(async () => {
    agentd = makeAgentdUnderTest({ egressUrls: [egress.url], gatewayCommand: STAND_IN });
    await agentd.start();
  });
  afterEach(() => agentd.remove());

  const get = (path: string, key: string | null = agentd.keys.ingress, headers: Record<string, string> = {}) =>
    fetch(`${agentd.url}${path}`, { headers: { ...(key === null ? {} : { [INTERNAL_HEADER]: key }), ...headers } });
  const claimAndWait = async () => {
    expect((await agentd.put(agentd.claim)).status).toBe(200);
    return agentd.waitForState("ready", READY_MS);
  };

  test("proves who it is for a nonce, and tells a stranger nothing", async () => {
    const nonce = "0f".repeat(32);
    expect(await (await get("/healthz", null)).json()).toEqual({ ok: true, status: "live" });
    const unclaimed = healthSchema.parse(await (await get(`/healthz?nonce=${nonce}`, null)).json());
    expect(unclaimed).toMatchObject({
      agentId: null,
      proof: identityProof(agentd.keys.proof, nonce, agentd.slotId, 1, null),
    });
    await agentd.put(agentd.claim);
    const claimed = healthSchema.parse(await (await get(`/healthz?nonce=${nonce}`, null)).json());
    expect(claimed.proof).toBe(identityProof(agentd.keys.proof, nonce, agentd.slotId, 1, agentd.claim.agentId));
    expect(claimed.proof).not.toBe(unclaimed.proof);
  });

  test("says that the agent is starting until its gateway works", async () => {
    writeFileSync(`${agentd.stateDir}/stand-in.json`, JSON.stringify({ bootMs: 1_500 }));
    expect((await agentd.status()).gateway.state).toBe("unclaimed");
    await agentd.put(agentd.claim);
    const answer = await get("/echo");
    expect([answer.status, answer.headers.get("retry-after")]).toEqual([503, "2"]);
    expect(await answer.json()).toMatchObject({ error: { code: "agent_starting" } });
    await expect(connectChat(agentd.url, agentd.keys.ingress)).rejects.toThrow("HTTP 503");
    const { gateway } = await agentd.waitForState("ready", READY_MS);
    expect(gateway.bootMs).toBeGreaterThan(1_000);
    expect((await get("/echo")).status).toBe(200);
  });

  test("forwards a request as its own and keeps the gateway's cookies to itself", async () => {
    await claimAndWait();
    const answer = await get("/echo?a=%2F1", agentd.keys.ingress, {
      cookie: "__session=secret",
      authorization: "Bearer secret",
      "x-openclaw-scopes": "operator.admin",
    });
    const seen = (await answer.json()) as { url: string; headers: Record<string, string> };
    expect(seen.url).toBe("/echo?a=%2F1");
    expect(JSON.stringify(seen.headers)).not.toContain("secret");
    expect(seen.headers).toMatchObject({
      "x-automna-owner": "owner",
      "x-openclaw-scopes": expect.not.stringContaining("admin"),
    });
    expect(seen.headers[INTERNAL_HEADER]).toBeUndefined();
    expect(answer.headers.get("set-cookie")).toBeNull();
  });

  test("refuses a wrong key on every kind of request, and the connection stays usable", async () => {
    await claimAndWait();
    const answers = await sendRaw(agentd.url, [
      `GET /echo HTTP/1.1\r\nhost: x\r\n${INTERNAL_HEADER}: ${agentd.keys.control}\r\n\r\n`,
      `POST /echo HTTP/1.1\r\nhost: x\r\ncontent-length: 5\r\n\r\nhello`,
      `GET /echo HTTP/1.1\r\nhost: x\r\n${INTERNAL_HEADER}: ${agentd.keys.ingress}\r\nconnection: close\r\n\r\n`,
    ]);
    expect(answers.match(/HTTP\/1\.1 \d+/g)).toEqual(["HTTP/1.1 401", "HTTP/1.1 401", "HTTP/1.1 200"]);
    await expect(connectChat(agentd.url, agentd.keys.control)).rejects.toThrow("HTTP 401");
    await expect(connectChat(agentd.url, "")).rejects.toThrow("HTTP 401");
  });

  test("makes the folder of apps and teaches the agent where it is", async () => {
    await claimAndWait();
    expect(existsSync(`${agentd.stateDir}/apps`)).toBe(true);
    const skill = readFileSync(`${agentd.stateDir}/skills/publish-app/SKILL.md`, "utf8");
    expect(skill).toMatch(/^---\nname: publish-app\ndescription: .+\n---\n/);
    expect(skill).toContain(`${agentd.stateDir}/apps/<name>/`);
  });

  test("does not follow an absolute target", async () => {
    await claimAndWait();
    const answer = await sendRaw(agentd.url, [
      `GET http://127.0.0.1:1/ HTTP/1.1\r\nhost: x\r\n${INTERNAL_HEADER}: ${agentd.keys.ingress}\r\nconnection: close\r\n\r\n`,
    ]);
    expect(answer).toMatch(/^HTTP\/1\.1 400 /);
  });

  test("carries a chat to the model through egress and back", async () => {
    await claimAndWait();
    const chat = await connectChat(agentd.url, agentd.keys.ingress);
    const final = await chat.wait(await chat.send("What is the word?"), "final");
    expect(final.message?.content[0]?.text).toContain(provider.nonce);
    chat.close();
  });

  test("ends the customer's socket when the gateway goes, and is back with the history", async () => {
    await claimAndWait();
    const chat = await connectChat(agentd.url, agentd.keys.ingress);
    const runId = await chat.send("Before the crash");
    await chat.wait(runId, "final");
    await chat.send("CRASH").catch(() => undefined);
    expect(await chat.closed).toBe(1_006);
    await expect.poll(async () => (await agentd.status()).gateway.restarts).toBe(1);
    const after = await agentd.waitForState("ready", READY_MS);
    expect(after.gateway).toMatchObject({ restarts: 1, lastExit: "exited with code 3" });
    const again = await connectChat(agentd.url, agentd.keys.ingress);
    expect((await again.history()).map((row) => row.runId)).toEqual([undefined, runId]);
    again.close();
  });

  test("serves one agent for good", async () => {
    await claimAndWait();
    const other = await agentd.put({ ...agentd.claim, agentId: "agt_00000000000000000009" });
    expect([other.status, await other.json()]).toEqual([
      409,
      { error: { code: "slot_claimed", message: expect.any(String) } },
    ]);
    const invalid = await agentd.put({ ...agentd.claim, memoryMb: -1 });
    expect(invalid.status).toBe(400);
    expect((await agentd.status()).agentId).toBe(agentd.claim.agentId);
  });

  test("has a gateway ready before it is anybody's, and gives it to whoever claims it", async () => {
    expect((await agentd.prepare()).status).toBe(200);
    const prepared = await agentd.waitForState("ready", READY_MS);
    expect(prepared).toMatchObject({ agentId: null, claimHash: null });
    expect((await agentd.prepare()).status).toBe(200);
    expect(existsSync(`${agentd.stateDir}/workspace/SOUL.md`)).toBe(false);
    const claimed = agentdStatusSchema.parse(await (await agentd.put(agentd.claim)).json());
    expect(claimed).toMatchObject({ agentId: agentd.claim.agentId, gateway: prepared.gateway });
    expect(readFileSync(`${agentd.stateDir}/workspace/SOUL.md`, "utf8")).toContain("You are Nova");
    const chat = await connectChat(agentd.url, agentd.keys.ingress);
    const final = await chat.wait(await chat.send("What is the word?"), "final");
    expect(final.message?.content[0]?.text).toContain(provider.nonce);
    chat.close();
  });

  test("is somebody's from its first claim on, prepared or not", async () => {
    await agentd.prepare();
    await agentd.waitForState("ready", READY_MS);
    await agentd.put(agentd.claim);
    expect((await agentd.prepare()).status).toBe(409);
    expect((await agentd.put({ ...agentd.claim, agentId: "agt_00000000000000000009" })).status).toBe(409);
    await agentd.end("SIGKILL");
    await agentd.start();
    expect(await agentd.waitForState("ready", READY_MS)).toMatchObject({ agentId: agentd.claim.agentId });
  });

  test("forgets a gateway that was nobody's when agentd itself starts again", async () => {
    await agentd.prepare();
    await agentd.waitForState("ready", READY_MS);
    await agentd.end("SIGKILL");
    await agentd.start();
    expect(await agentd.status()).toMatchObject({ agentId: null, gateway: { state: "unclaimed" } });
    await agentd.put(agentd.claim);
    await agentd.waitForState("ready", READY_MS);
    expect(await agentd.gatewayPids()).toHaveLength(1);
  });

  test("takes the same claim twice without touching the gateway", async () => {
    const first = await claimAndWait();
    const answers = await Promise.all([agentd.put(agentd.claim), agentd.put(agentd.claim)]);
    for (const answer of answers) expect(agentdStatusSchema.parse(await answer.json())).toEqual(first);
  });

  test("changes name and personality live, a model by a restart", async () => {
    const first = await claimAndWait();
    const soul = () => readFileSync(`${agentd.stateDir}/workspace/SOUL.md`, "utf8");
    expect(soul()).toContain("You are Nova");
    const renamed = agentdStatusSchema.parse(await (await agentd.put({ ...agentd.claim, name: "Sol" })).json());
    expect(soul()).toContain("You are Sol");
    expect(renamed.gateway).toEqual(first.gateway);
    expect(renamed.claimHash).not.toBe(first.claimHash);
    await agentd.put({ ...agentd.claim, name: "Sol", model: "claude-haiku-4-5" });
    expect((await get("/echo")).status).toBe(503);
    const restarted = await agentd.waitForState("ready", READY_MS);
    expect(restarted.gateway).toMatchObject({ restarts: 0, lastExit: "stopped for a new configuration" });
    expect(restarted.gateway.pid).not.toBe(first.gateway.pid);
    expect(readFileSync(`${agentd.stateDir}/openclaw.json`, "utf8")).toContain("anthropic/claude-haiku-4-5");
  });

  test("keeps what the agent configured beside our part, and its own part from the agent", async () => {
    writeFileSync(
      `${agentd.stateDir}/openclaw.json`,
      JSON.stringify({ channels: { telegram: { enabled: true } }, gateway: { bind: "lan", port: 1 } }),
    );
    await claimAndWait();
    const config = JSON.parse(readFileSync(`${agentd.stateDir}/openclaw.json`, "utf8")) as Record<string, unknown>;
    expect(config["channels"]).toEqual({ telegram: { enabled: true } });
    expect(config["gateway"]).toMatchObject({ bind: "loopback" });
  });

  test("says in plain words why a gateway does not come up, and keeps trying", async () => {
    writeFileSync(`${agentd.stateDir}/stand-in.json`, JSON.stringify({ exitCode: 78 }));
    await agentd.put(agentd.claim);
    const { gateway } = await agentd.waitForState("failing", 60_000);
    expect(gateway.lastExit).toBe("refused its configuration (exit code 78)");
    expect(gateway.restarts).toBe(5);
  });

  test("goes on by itself after a restart, and ends the gateway that a killed agentd left", async () => {
    await claimAndWait();
    const before = await agentd.gatewayPids();
    await agentd.end("SIGKILL");
    await agentd.start();
    await agentd.waitForState("ready", READY_MS);
    const after = await agentd.gatewayPids();
    expect(before).toHaveLength(1);
    expect(after).toHaveLength(1);
    expect(after).not.toEqual(before);
  });

  test("stops the run of another connection for the customer", async () => {
    await claimAndWait();
    provider.setReply(() => ({ text: "word ".repeat(200), chunkMs: 50 }));
    const first = await connectChat(agentd.url, agentd.keys.ingress);
    const runId = await first.send("Talk");
    await first.wait(runId, "delta");
    const second = await connectChat(agentd.url, agentd.keys.ingress);
    const answer = await fetch(`${agentd.url}/agentd/abort`, {
      method: "POST",
      headers: { [INTERNAL_HEADER]: agentd.keys.ingress, "content-type": "application/json" },
      body: JSON.stringify({ sessionKey: "agent:main:main", runId }),
    });
    expect(await answer.json()).toEqual({ aborted: true });
    await second.wait(runId, "aborted");
    await expect.poll(() => provider.requests().at(-1)?.isClosedEarly).toBe(true);
    provider.setReply(() => `The word is ${provider.nonce}.`);
    for (const chat of [first, second]) chat.close();
  });

  test("leaves nothing running on a clean stop", async () => {
    await claimAndWait();
    const chat = await connectChat(agentd.url, agentd.keys.ingress);
    expect(await agentd.end("SIGTERM")).toBe(0);
    await chat.closed;
    expect(await agentd.gatewayPids()).toEqual([]);
    expect(existsSync(`${agentd.runDir}/claim.json`)).toBe(true);
  });

  test("stops while the gateway is still on its way up", async () => {
    writeFileSync(`${agentd.stateDir}/stand-in.json`, JSON.stringify({ bootMs: 60_000 }));
    await agentd.put(agentd.claim);
    await expect.poll(() => agentd.gatewayPids()).toHaveLength(1);
    expect(await agentd.end("SIGTERM")).toBe(0);
    expect(await agentd.gatewayPids()).toEqual([]);
  });
});

/** Sends the texts one after the other over one connection and returns everything that comes back. */
async function sendRaw(url: string, texts: string[]): Promise<string> {
  const { hostname, port } = new URL(url);
  const socket = connect(Number(port), hostname);
  let received = "";
  socket.setEncoding("utf8").on("data", (text: string) => (received += text));
  socket.write(texts.join(""));
  await once(socket, "close");
  return received;
}
