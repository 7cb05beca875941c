import { reportReady, runUntilStopped } from "@automna/service-kit/lifecycle";
import { makeLog } from "@automna/service-kit/log";
import { startAgentd } from "./agentd.ts";
import { loadAgentdConfig } from "./config.ts";
import { STOP_GRACE_MS } from "./gateway-process.ts";

// Whatever agentd or the gateway writes is for its own user only.
process.umask(0o077);

const config = loadAgentdConfig(process.env, process.execPath);
const log = makeLog("agentd", config.logLevel);
const agentd = await startAgentd(config, log);
runUntilStopped({ log, stop: () => agentd.stop(), stopDeadlineMs: STOP_GRACE_MS + 10_000 });
reportReady();
