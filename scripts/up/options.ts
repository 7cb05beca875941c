import { homedir } from "node:os";
import { join, resolve } from "node:path";
import { parseArgs } from "node:util";

export interface UpOptions {
  port: number;
  dataDir: string;
  isReset: boolean;
  isConfirmed: boolean;
  /** E-mail addresses of people who may open /admin. */
  operators: string[];
  /** File with services' variables, which go before ours. */
  settingsFile: string | null;
}

/** Reads the command line. Throws a sentence for a person when it makes no sense. */
export function parseUpOptions(args: string[], env: NodeJS.ProcessEnv, isRoot: boolean): UpOptions {
  const { values } = parseArgs({
    args,
    options: {
      port: { type: "string", default: "4600" },
      "data-dir": { type: "string", default: defaultDataDir(env, isRoot) },
      reset: { type: "boolean", default: false },
      settings: { type: "string" },
      operator: { type: "string", multiple: true, default: [] },
      yes: { type: "boolean", default: false },
    },
  });
  const port = Number(values.port);
  if (!Number.isInteger(port) || port < 1 || port > 65_535) {
    throw new Error(`--port ${values.port} is not a port; use a number from 1 to 65535.`);
  }
  return {
    port,
    dataDir: resolve(values["data-dir"]),
    isReset: values.reset,
    isConfirmed: values.yes,
    operators: values.operator,
    settingsFile: values.settings === undefined ? null : resolve(values.settings),
  };
}

/** As root not in root's home, which the users that the database and the agents run as may not enter. */
function defaultDataDir(env: NodeJS.ProcessEnv, isRoot: boolean): string {
  if (isRoot) return "/var/lib/automna";
  return join(env["XDG_DATA_HOME"] || join(homedir(), ".local/share"), "automna");
}
