/** Names and addresses that only this machine reaches. */
export function isLoopback(host: string): boolean {
  const name = host.replace(/^\[(.*)\]$/, "$1").toLowerCase();
  return name === "localhost" || name === "::1" || /^127(\.\d{1,3}){3}$/.test(name);
}

/**
 * The local issuer signs in whoever opens its start link, so it is for one machine alone (design D11).
 * Throws in production, and when the address or the origin can be reached from elsewhere.
 */
export function assertLocalBoot({
  nodeEnv,
  host,
  origin,
}: {
  nodeEnv: string | undefined;
  host: string;
  origin: string;
}): void {
  if (nodeEnv === "production")
    throw new Error("API_IDENTITY=local is refused with NODE_ENV=production: use API_IDENTITY=clerk");
  if (!isLoopback(host)) throw new Error(`API_IDENTITY=local only listens on loopback, and API_HOST is ${host}`);
  if (!isLoopback(new URL(origin).hostname))
    throw new Error(`API_IDENTITY=local needs a loopback API_ORIGIN, not ${origin}`);
}
