import { spawn, type ChildProcess } from "node:child_process";
import { randomBytes } from "node:crypto";
import { once } from "node:events";
import { chmodSync, chownSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import { tmpdir } from "node:os";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { agentdStatusSchema, type AgentdStatus, type ClaimRequest } from "@automna/contract/agentd";
import { INTERNAL_HEADER } from "@automna/contract/headers";
import { idFrom } from "@automna/core/shared/ids";
import { deriveSlotKey, newRootKey } from "@automna/service-kit/slot-keys";
import { findGatewayProcesses } from "./process-sweep.ts";

/** For tests: agentd as a process of its own, with folders as the process runtime makes them. */
export interface AgentdUnderTest {
  url: string;
  slotId: string;
  claim: ClaimRequest;
  keys: { ingress: string; control: string; proof: string; apps: string };
  stateDir: string;
  runDir: string;
  rootKeyFile: string;
  agentUid: number | null;
  gatewayUid: number | null;
  pid(): number;
  start(): Promise<void>;
  /** Sends the signal and waits for agentd's end; returns its exit code. */
  end(signal: NodeJS.Signals): Promise<number | null>;
  put(claim: ClaimRequest): Promise<Response>;
  prepare(): Promise<Response>;
  status(): Promise<AgentdStatus>;
  waitForState(state: AgentdStatus["gateway"]["state"], timeoutMs: number): Promise<AgentdStatus>;
  gatewayPids(): Promise<number[]>;
  remove(): Promise<void>;
}

export interface UnderTestOptions {
  egressUrls: string[];
  gatewayDir?: string;
  gatewayCommand?: string[];
  /** agentd's own user and the gateway's; root only. */
  uids?: { agent: number; gateway: number };
}

const MAIN = fileURLToPath(new URL("./main.ts", import.meta.url));

export function makeAgentdUnderTest(options: UnderTestOptions): AgentdUnderTest {
  const folder = mkdtempSync(join(tmpdir(), "automna-agentd-"));
  const [stateDir, runDir] = [join(folder, "state"), join(folder, "agentd")];
  const rootKey = newRootKey();
  const rootKeyFile = join(runDir, "root-key");
  const slotId = idFrom("slt", randomBytes(20));
  const { uids } = options;
  chmodSync(folder, 0o711);
  for (const path of [stateDir, runDir]) mkdirSync(path, { mode: 0o700 });
  writeFileSync(rootKeyFile, rootKey.toString("base64url"), { mode: 0o600 });
  if (uids !== undefined) {
    chownSync(stateDir, uids.gateway, uids.gateway);
    for (const path of [runDir, rootKeyFile]) chownSync(path, uids.agent, uids.agent);
  }
  const keyFor = (purpose: "ingress" | "control" | "proof" | "apps") => deriveSlotKey(rootKey, purpose, slotId, 1);
  const keys = {
    ingress: keyFor("ingress"),
    control: keyFor("control"),
    proof: keyFor("proof"),
    apps: keyFor("apps"),
  };
  let child: ChildProcess | null = null;
  const put = (path: string, body: object) =>
    fetch(`${under.url}${path}`, {
      method: "PUT",
      headers: { [INTERNAL_HEADER]: keys.control, "content-type": "application/json" },
      body: JSON.stringify(body),
    });

  const under: AgentdUnderTest = {
    url: "",
    slotId,
    claim: {
      agentId: idFrom("agt", randomBytes(20)),
      userId: "user_0123456789",
      name: "Nova",
      personality: "Warm and brief.",
      model: "claude-sonnet-4-5",
      utilityModel: "claude-haiku-4-5",
      memoryMb: 1_024,
    },
    keys,
    stateDir,
    runDir,
    rootKeyFile,
    agentUid: uids?.agent ?? null,
    gatewayUid: uids?.gateway ?? null,
    pid: () => child?.pid ?? 0,
    async start() {
      const command = [...asUser(uids?.agent), process.execPath, MAIN];
      child = spawn(command[0] ?? "", command.slice(1), {
        cwd: "/",
        env: {
          PATH: process.env["PATH"],
          AGENTD_SLOT_ID: slotId,
          AGENTD_GENERATION: "1",
          AGENTD_ROOT_KEY_FILE: rootKeyFile,
          AGENTD_PORT: "0",
          AGENTD_EGRESS_URLS: options.egressUrls.join(","),
          AGENTD_GATEWAY_DIR: options.gatewayDir ?? "/nonexistent",
          AGENTD_STATE_DIR: stateDir,
          AGENTD_RUN_DIR: runDir,
          ...(uids === undefined ? {} : { AGENTD_GATEWAY_UID: String(uids.gateway) }),
          ...(options.gatewayCommand === undefined
            ? {}
            : { AGENTD_GATEWAY_COMMAND_JSON: JSON.stringify(options.gatewayCommand) }),
        },
        stdio: ["ignore", "pipe", "pipe"],
      });
      under.url = `http://127.0.0.1:${await findListeningPort(child, join(runDir, "agentd.log"))}`;
    },
    async end(signal) {
      if (child === null || child.exitCode !== null || child.signalCode !== null) return child?.exitCode ?? null;
      child.kill(signal);
      await once(child, "exit");
      return child.exitCode;
    },
    put: (claim) => put("/_automna/claim", claim),
    prepare() {
      const { model, utilityModel, memoryMb } = under.claim;
      return put("/_automna/prepare", { model, utilityModel, memoryMb });
    },
    async status() {
      const answer = await fetch(`${under.url}/_automna/status`, { headers: { [INTERNAL_HEADER]: keys.control } });
      return agentdStatusSchema.parse(await answer.json());
    },
    async waitForState(state, timeoutMs) {
      for (const deadline = Date.now() + timeoutMs; ; await sleep(50)) {
        const status = await under.status();
        if (status.gateway.state === state) return status;
        const isHopeless = status.gateway.state === "failing";
        if (isHopeless || Date.now() > deadline)
          throw new Error(
            `gateway is ${status.gateway.state}, not ${state} (${status.gateway.lastExit})\n${tail(join(runDir, "gateway.log"))}\n${tail(join(runDir, "agentd.log"))}`,
          );
      }
    },
    gatewayPids: () => findGatewayProcesses({ uid: uids?.gateway ?? null, stateDir }),
    async remove() {
      await under.end("SIGTERM");
      rmSync(folder, { recursive: true, force: true });
    },
  };
  return under;
}

/** As the provisioner's process runtime starts agentd: able to start and end processes of another user, nothing else. */
function asUser(uid: number | undefined): string[] {
  if (uid === undefined) return [];
  const caps = "-all,+setuid,+setgid,+kill";
  return [
    "setpriv",
    "--reuid",
    String(uid),
    "--regid",
    String(uid),
    "--clear-groups",
    `--inh-caps=${caps}`,
    `--ambient-caps=${caps}`,
    "--",
  ];
}

/** Copies agentd's log to a file and returns the port that its first lines name. */
async function findListeningPort(child: ChildProcess, logPath: string): Promise<number> {
  const { promise, resolve, reject } = Promise.withResolvers<number>();
  let text = "";
  for (const stream of [child.stdout, child.stderr]) {
    stream?.setEncoding("utf8").on("data", (part: string) => {
      text += part;
      writeFileSync(logPath, text);
      const port = /"port":(\d+)[^\n]*agentd listens/.exec(text)?.[1];
      if (port !== undefined) resolve(Number(port));
    });
  }
  child.once("exit", (code) => reject(new Error(`agentd ended with ${code}: ${text}`)));
  return promise;
}

function tail(path: string): string {
  return readFileSync(path, "utf8").slice(-3_000);
}

export interface TinyEgress {
  url: string;
  /** Values of X-Automna-Egress and -Run, whether a call carried a key of its own, and what it asked. */
  calls: { credential: unknown; run: unknown; apiKey: unknown; body: string }[];
  close(): Promise<void>;
}

/** Does of egress what agentd needs: replaces its credential by the provider's key and streams. */
export async function startTinyEgress(providerUrl: string, providerKey: string): Promise<TinyEgress> {
  const calls: TinyEgress["calls"] = [];
  async function carry(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const call = {
      credential: request.headers["x-automna-egress"],
      run: request.headers["x-automna-run"],
      apiKey: request.headers["x-api-key"],
      body: "",
    };
    calls.push(call);
    const chunks: Buffer[] = [];
    for await (const chunk of request as AsyncIterable<Buffer>) chunks.push(chunk);
    call.body = Buffer.concat(chunks).toString("utf8");
    const gone = new AbortController();
    response.once("close", () => gone.abort());
    try {
      const answer = await fetch(`${providerUrl}${request.url}`, {
        method: request.method ?? "POST",
        headers: { "content-type": "application/json", "x-api-key": providerKey, "anthropic-version": "2023-06-01" },
        body: Buffer.concat(chunks),
        signal: gone.signal,
      });
      response.writeHead(answer.status, { "content-type": answer.headers.get("content-type") ?? "" });
      for await (const chunk of answer.body ?? []) response.write(chunk);
      response.end();
    } catch {
      response.destroy();
    }
  }
  const server = createServer((request, response) => void carry(request, response));
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    calls,
    async close() {
      server.closeAllConnections();
      server.close();
      await once(server, "close");
    },
  };
}
