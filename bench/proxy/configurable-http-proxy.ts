import { ConfigurableProxy } from "configurable-http-proxy";
import { answerMessages, collectGarbage, settings } from "./child.ts";
import { listen } from "./listen.ts";

// As its command line makes it, apart from the log.
const silent = () => undefined;
const { proxyServer } = new ConfigurableProxy({
  defaultTarget: `http://127.0.0.1:${(settings() as { port: number }).port}`,
  log: { error: silent, warn: silent, info: silent, debug: silent },
  keepAliveTimeout: 5_000,
  includePrefix: true,
  prependPath: true,
  xfwd: true,
  enableMetrics: false,
});
answerMessages(collectGarbage);
await listen(proxyServer);
