/** Command line of the native engine, as the CLI calls it. Unknown flags are ignored. */
export function parseArguments(argv) {
  const parsed = {
    isVersionRequest: false,
    datamodels: /** @type {string[]} */ ([]),
    datasource: /** @type {{ url?: string, shadowDatabaseUrl?: string } | undefined} */ (undefined),
    databaseCommand: /** @type {string | undefined} */ (undefined),
  };
  const rest = [...argv];
  while (rest.length > 0) {
    const flag = rest.shift();
    if (flag === "--version" || flag === "-V") parsed.isVersionRequest = true;
    else if (flag === "--datamodels" || flag === "-d") parsed.datamodels.push(rest.shift());
    else if (flag === "--datasource") parsed.datasource = JSON.parse(rest.shift());
    else if (flag === "--enabled-preview-features" || flag === "--extension-types") rest.shift();
    else if (flag === "cli") {
      parsed.databaseCommand = rest.shift();
      break;
    }
  }
  return parsed;
}
