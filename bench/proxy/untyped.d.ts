/** It ships no types. */
declare module "configurable-http-proxy" {
  import type { Server } from "node:http";

  export class ConfigurableProxy {
    constructor(options: object);
    readonly proxyServer: Server;
  }
}
