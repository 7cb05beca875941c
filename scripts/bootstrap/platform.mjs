const PLATFORMS = ["linux-x64", "linux-arm64", "darwin-x64", "darwin-arm64"];
const OLDEST_NODE = 18;

/** A sentence that says why Automna cannot run here and what to do, or null when it can. */
export function explainUnsupported(machine = thisMachine()) {
  if (Number.parseInt(machine.nodeVersion, 10) < OLDEST_NODE) {
    return `Node ${machine.nodeVersion} is too old to start Automna. Install Node ${OLDEST_NODE} or newer (24 is best) and try again.`;
  }
  if (machine.platform === "win32") {
    return 'Automna does not run on Windows itself. Install WSL 2 ("wsl --install"), open its Linux shell and try again there.';
  }
  const name = `${machine.platform}-${machine.arch}`;
  if (!PLATFORMS.includes(name)) return `Automna does not run on ${name}. It runs on ${PLATFORMS.join(", ")}.`;
  if (machine.platform === "linux" && !machine.hasGlibc) {
    return "Automna needs a Linux with glibc (Debian, Ubuntu, Fedora and so on): the database it brings along does not run on musl (Alpine).";
  }
  return null;
}

function thisMachine() {
  const report = /** @type {{ header?: { glibcVersionRuntime?: string } } | undefined} */ (process.report?.getReport());
  return {
    platform: process.platform,
    arch: process.arch,
    nodeVersion: process.versions.node,
    hasGlibc: Boolean(report?.header?.glibcVersionRuntime),
  };
}
