import { randomUUID } from "node:crypto";
import { dirname, join } from "node:path";
import type { AddressInfo } from "node:net";
import { abortAnswerSchema, type ClaimRequest, type PrepareRequest } from "@automna/contract/agentd";
import { appError } from "@automna/contract/error-catalogue";
import type { Logger } from "@automna/service-kit/log";
import { deriveSlotKey, formatEgressCredential, identityProof } from "@automna/service-kit/slot-keys";
import { Agent } from "undici";
import { makeAppServer } from "./apps/app-server.ts";
import { makeApps } from "./apps/serve-apps.ts";
import { decideClaim, isClaim, makeClaimStore } from "./claim.ts";
import type { AgentdConfig } from "./config.ts";
import { forwardHttp } from "./forward-http.ts";
import { makeWebSocketForwarder } from "./forward-websocket.ts";
import { findFreePort } from "./free-port.ts";
import { withGateway } from "./gateway-client.ts";
import { gatewayEnvironment, planGatewayConfig } from "./gateway-config.ts";
import { openGatewayLog } from "./gateway-log.ts";
import { startGateway } from "./gateway-process.ts";
import { makeGatewaySupervisor } from "./gateway-supervisor.ts";
import { openModelPort } from "./model-port.ts";
import { applyPersonality, isPersonalityNew } from "./personality.ts";
import { sweepGateway } from "./process-sweep.ts";
import { waitUntilReady, waitUntilSilent } from "./readiness.ts";
import { makeRunBook } from "./run-book.ts";
import { startRunWatch } from "./run-watch.ts";
import { makeAgentdServer } from "./server.ts";
import { agentSkills, APPS_FOLDER } from "./skills/publish-app.ts";
import { makeStateFolder } from "./state-folder.ts";
import { describeStatus } from "./status.ts";
import { makeWrittenHashStore } from "./written-hashes.ts";

export interface Agentd {
  port: number;
  /** Stops the gateway (30 s, then kill) and everything else; resolves when nothing of the slot runs any more. */
  stop(): Promise<void>;
}

/** Starts agentd and, when the slot was claimed before, its gateway. Rejects when it can't listen. */
export async function startAgentd(config: AgentdConfig, log: Logger, now: () => number = Date.now): Promise<Agentd> {
  const { slotId, generation, stateDir, runDir, gatewayUid } = config;
  const keyFor = (purpose: Parameters<typeof deriveSlotKey>[1]) =>
    deriveSlotKey(config.rootKey, purpose, slotId, generation);
  const proofKey = keyFor("proof");
  const claims = makeClaimStore(runDir);
  const writtenHashes = makeWrittenHashStore(runDir);
  const gatewayLog = openGatewayLog(runDir);
  const stateFolder = makeStateFolder(gatewayUid, process.execPath);
  const runs = makeRunBook({ now, newId: randomUUID });
  const modelPort = await openModelPort({
    egressUrls: config.egressUrls,
    credential: formatEgressCredential(slotId, generation, keyFor("egress")),
    markRun: runs.mark,
    log,
  });
  const mark = { uid: gatewayUid, stateDir };

  const supervisor = makeGatewaySupervisor({
    now,
    log,
    sweep: () => sweepGateway(mark),
    findPort: findFreePort,
    waitUntilReady,
    waitUntilSilent,
    configure: (wish, address) =>
      stateFolder({
        do: "configure",
        stateDir,
        appsFolder: APPS_FOLDER,
        skills: agentSkills(stateDir),
        keepsAdditions: !isClaim(wish) || wish.isSafeMode !== true,
        ...planGatewayConfig({ wish, ...address, modelPort: modelPort.port, modelToken: modelPort.token, stateDir }),
      }),
    start: (wish) =>
      startGateway({
        argv: config.gatewayCommand,
        environment: gatewayEnvironment({
          stateDir,
          nodeDir: dirname(process.execPath),
          memoryMb: wish.memoryMb,
          timeZone: process.env["TZ"] ?? "UTC",
        }),
        mark,
        log: gatewayLog,
      }),
    async applyPersonality(claim, address) {
      const written = await writtenHashes.load();
      if (!isPersonalityNew(claim, written)) return;
      await writtenHashes.save(await withGateway(address, (client) => applyPersonality(client, claim, written)));
    },
  });

  const runWatch = startRunWatch({ address: supervisor.address, hear: runs.hear, log });
  let inForce = await claims.load();
  if (inForce !== null) supervisor.run(inForce);
  let isApplied = true;
  let isPrepared = false;
  const status = () =>
    describeStatus({ slot: { slotId, generation }, claim: inForce, isApplied, gateway: supervisor.facts() });

  /** A gateway for whoever claims the slot. It is not remembered: a slot of nobody that ends is made anew. */
  async function prepare(wanted: PrepareRequest) {
    if (inForce !== null) throw appError("slot_claimed");
    if (isPrepared) await supervisor.update(wanted);
    else supervisor.run(wanted);
    isPrepared = true;
    return status();
  }

  async function claim(wanted: ClaimRequest) {
    const decision = decideClaim(inForce, wanted);
    if (decision === "refused") throw appError("slot_claimed");
    if (decision !== "same") await claims.save(wanted);
    inForce = wanted;
    log.info({ agentId: wanted.agentId, decision }, "claimed");
    isApplied = false;
    if (decision === "first" && !isPrepared) supervisor.run(wanted);
    else await supervisor.update(wanted);
    isApplied = true;
    return status();
  }

  const oneAtATime = makeTurns();
  const dispatcher = new Agent({ connections: 64, headersTimeout: 120_000, bodyTimeout: 0 });
  const webSockets = makeWebSocketForwarder(log);
  const appServer = makeAppServer({
    uid: gatewayUid,
    nodePath: process.execPath,
    appsDir: join(stateDir, APPS_FOLDER),
  });
  const server = makeAgentdServer({
    keys: { ingress: keyFor("ingress"), control: keyFor("control"), apps: keyFor("apps") },
    log,
    describeHealth: (nonce) => {
      const agentId = inForce?.agentId ?? null;
      const proof =
        nonce === null
          ? {}
          : { slotId, generation, agentId, proof: identityProof(proofKey, nonce, slotId, generation, agentId) };
      return { ok: true, status: "live", ...proof };
    },
    claim: (wanted) => oneAtATime(() => claim(wanted)),
    prepare: (wanted) => oneAtATime(() => prepare(wanted)),
    status,
    address: () => supervisor.address(),
    abort: async (wanted, address) =>
      abortAnswerSchema.parse(await withGateway(address, (client) => client.request("chat.abort", wanted))).aborted,
    forwardHttp: (address, request, response) => forwardHttp({ dispatcher, log }, address, request, response),
    webSockets,
    apps: makeApps({ server: appServer, dispatcher, log }),
  });
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject);
    server.listen(config.port, config.host, resolve);
  });
  const port = (server.address() as AddressInfo).port;
  log.info({ slotId, generation, port, isClaimed: inForce !== null }, "agentd listens");

  return {
    port,
    async stop() {
      const closed = new Promise((resolve) => server.close(resolve));
      await runWatch.close();
      await Promise.all([supervisor.stop(), appServer.stop()]);
      webSockets.closeAll();
      server.closeAllConnections();
      await closed;
      await modelPort.close();
      await dispatcher.destroy();
      if (inForce !== null || isPrepared) await stateFolder({ do: "tidy", stateDir });
      gatewayLog.close();
    },
  };
}

/** Work that overlaps is done one after the other. */
function makeTurns(): <Result>(work: () => Promise<Result>) => Promise<Result> {
  let last: Promise<unknown> = Promise.resolve();
  return (work) => {
    const next = last.then(work);
    last = next.catch(() => undefined);
    return next;
  };
}
