// For HEALTHCHECK in images that have neither curl nor wget: `node health-check.mjs <url>` exits 0 when the address answers 2xx.
const TIMEOUT_MS = 3_000;
const [url = ""] = process.argv.slice(2);
const isHealthy = await fetch(url, { signal: AbortSignal.timeout(TIMEOUT_MS) }).then(
  ({ ok }) => ok,
  () => false,
);
process.exit(isHealthy ? 0 : 1);
