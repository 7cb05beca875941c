export type EdgeRoute = "api" | "ingress" | "apps" | "dashboard";

/**
 * Whether a Host header is at or below the apps domain, in whatever spelling: nothing of the dashboard's may answer there.
 * Which spellings count is the apps listener's business.
 */
export function isAppsHost(header: string | undefined, appsHostname: string): boolean {
  const hostname = (header ?? "").toLowerCase().replace(/:\d*$/, "").replace(/\.+$/, "");
  return hostname === appsHostname || hostname.endsWith(`.${appsHostname}`);
}

/**
 * Which part of the platform a request target belongs to. Looks at the raw text alone: decoding is the services' business, and
 * what looks odd must arrive at them as it was sent.
 */
export function routeOf(target: string): EdgeRoute {
  // Absolute-form ("GET http://host/a/x"), which only proxies send: the same services refuse it.
  const path = /^https?:\/\//i.test(target) ? target.replace(/^https?:\/\/[^/?#]*/i, "") : target;
  if (/^\/api(?:[/?]|$)/.test(path)) return "api";
  if (/^\/a(?:[/?]|$)/.test(path)) return "ingress";
  return "dashboard";
}
